SELECT COUNT(*) FROM prompts WHERE at_us >= :since AND at_us < :until
