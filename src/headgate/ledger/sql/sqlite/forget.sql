-- Every hour is to be summed again.
UPDATE hours SET rolled = 0
