"""OCPI: canonical objects in 2.2.1 shape, codecs for each version, and what every party needs.

A platform is put together so (tests/simulator/ocpi/platforms.py does it whole):

    client = OcpiClient(HttpClient(clock), clock, chance, journal, "cpo")
    platform = Platform("", roles, versions=("2.2.1",), needs=(("cdrs", RECEIVER),))
    registrar = Registrar(client, store, platform, chance)
    server = OcpiServer(clock=clock, journal=journal, actor="cpo", registrar=registrar,
                        routes=[Route("tokens", RECEIVER, "PUT", "{country_code}/…", put_token,
                                      takes="token")])
    http = await HttpServer(server.handle, clock, port=8080).start()
    server.base_url = http.base_url

We begin: `store.save(Connection(id, peer, token_out=token_a, versions_url=url))`, then
`await registrar.register(connection)`. The peer begins: save a Connection with `token_in=token_a`;
the server does the rest. Then `client.exchange(connection, "PUT", url, module="sessions",
takes="session", body=session)` gives an Answer, `client.request` the same or OcpiCallFailed, and
`client.get_all` the objects of a list.
"""
