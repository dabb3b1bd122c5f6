"""What tests of Kick software need: the server side as a machine, seeded traffic, a world with a virtual clock."""
