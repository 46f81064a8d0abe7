"""What runs on a GPU node: joins a server, leases its jobs over HTTPS, measures, and answers. No Django, no Celery.

    join      a one-time token becomes this node's credential, kept in a private file
    loop      lease -> verify -> run in a child process -> renew -> finish
A job is the name of a recipe that ships here and its parameters, signed by the server; code never comes from outside.
"""
