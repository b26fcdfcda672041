SELECT COUNT(*) FROM headgate.prompts WHERE at_us >= %(since)s AND at_us < %(until)s
