"""The pages: what they weigh, how long they take, how soon a slider's answer is seen."""
