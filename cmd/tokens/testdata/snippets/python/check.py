"""Uses tokens.py, as it stands in the README, and prints what it got: of tokens
the SHA-256, of errors what they say."""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor

from tokens import NoToken, from_function, from_secret

name, client, merchant = sys.argv[1:]


def show(step, token):
    print(step, hashlib.sha256(token.encode()).hexdigest())


show("secret", from_secret("pos"))
show("secret-again", from_secret("pos"))
show("secret-bound", from_secret("pos", "DK12345678"))
first = from_function(name, client, merchant)
show("function", first)
show("function-again", from_function(name, client, merchant))
show("function-rejected", from_function(name, client, merchant, rejected=first))
show("function-unbound", from_function(name, "pos"))
for _ in range(2):
    from_secret("aged")
    from_function(name, "aged")
aged = from_function(name, "dying")
show("dying", from_function(name, "dying"))
try:
    show("dying-rejected", from_function(name, "dying", rejected=aged))
except Exception as error:
    print("dying-rejected", error)
with ThreadPoolExecutor(20) as crowd:
    for token in crowd.map(lambda _: from_function(name, "crowd"), range(20)):
        show("crowd", token)
for step, unknown in (("none", "nobody"), ("failed", "")):
    try:
        show(step, from_function(name, unknown))
    except NoToken as error:
        print(step, "NoToken", error.code)
    except RuntimeError as error:
        print(step, error)
