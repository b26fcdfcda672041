-- Every hour is to be summed again; whoever keeps sums at hand learns of it by the changes.
UPDATE hours SET rolled = 0, changes = changes + 1
