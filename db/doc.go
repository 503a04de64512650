// Package db is where everything is kept: the only folder with SQL.
//
// One file, one writer. A change is a function given to InTx; the writer
// goroutine gathers the changes that are waiting, runs each in its own savepoint
// of one SQLite transaction, commits them together with synchronous=FULL, and
// only then answers them and announces their topics. Readers have a pool of
// their own and never wait for the writer (WAL).
//
//	InTx(f) ─┐
//	InTx(g) ─┼─▶ writer: BEGIN · f · g · h · COMMIT ─▶ answers ─▶ topics
//	InTx(h) ─┘
//
// The packages of tracking and inventory declare the stores that they need; the
// files here satisfy them, one file a subject, each with its SQL beside its
// method in the subset that PostgreSQL accepts too: $1, ON CONFLICT, RETURNING,
// instants as integers of milliseconds since 1970 in UTC.
//
// Each statement is prepared once, but SQLite prepares one whose LIMIT is a parameter anew
// each time that one is bound, 0.1 ms, because what is bound might change its plan. Ours
// does not change: they say LIMIT 0 + $1.
//
// # Five years of readings
//
// 500 probes that tell once a minute make 263 million readings a year, 1.3 billion in
// five. A reading takes 23 bytes (wardwatch bench --only stored), so that is 31 GB, and
// 22 million hourly summaries take half a gigabyte. It needs no partitions beside the
// one that the key is: readings lie in the order of probe and time, so whatever a page
// asks for is one stretch of neighbouring rows, however many there are around it. A
// month of one probe is 43,200 rows, one megabyte; a year is drawn from 8,760 hours. New
// readings change one leaf a probe, 2 MB for 500 of them, which the writer's cache
// holds. From a hundred million to 1.3 billion the tree grows by one level.
//
// Raw readings older than the hospital keeps them (three years at least) are let go
// each night, probe by probe from the old end of its stretch, but those about an
// excursion and those of held fridges; what room they leave is used again. So the file
// stops growing at 18 GB for three years, 31 for five. Summaries, excursions and
// everything that people decided stay.
package db
