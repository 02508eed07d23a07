"""The rules that the books keep, each as a function that reports what breaks it.

`violation` says what a report is, `groups` looks at events, `balances` at accounts and limits.
"""
