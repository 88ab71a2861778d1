"""What is written onto devices and servers: typed words in, files out; no I/O, no clock."""
