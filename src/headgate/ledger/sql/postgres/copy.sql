COPY {incoming} ({columns}, place) FROM STDIN
