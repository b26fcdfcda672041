"""What is promised of traffic, held against traffic whose requests are alike by hours and days."""
