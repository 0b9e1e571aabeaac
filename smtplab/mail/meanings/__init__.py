"""What the lines of a dialogue mean: the texts behind `mail.meaning`, a module for each topic.

Each function takes a `Line` and gives a `Note`. Whoever wants the explanation of a line asks
`mail.meaning`, which picks the function and adds what may come next.
"""
