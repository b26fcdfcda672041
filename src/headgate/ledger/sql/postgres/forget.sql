-- Every hour is to be summed again.
UPDATE headgate.hours SET rolled = 0
