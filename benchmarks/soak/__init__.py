"""A long run: does memory, or the number of open files, rise with the requests?"""
