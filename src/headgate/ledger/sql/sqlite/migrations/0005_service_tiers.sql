-- How the provider served the call, where that has prices of its own; NULL is the standard tier.
ALTER TABLE attempts ADD COLUMN service_tier TEXT;
