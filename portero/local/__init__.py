"""What a laptop or a test run needs beside our processes: PostgreSQL and a broker, no root."""
