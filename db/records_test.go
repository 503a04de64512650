package db_test

import "slices"

// casesAppendOnly are the cold chain's own records beside appendOnly.
var casesAppendOnly = []string{"case_steps", "cold_policies", "fridge_facts", "fridge_papers", "fridge_paper_files", "cold_deliveries", "hold_releases", "legal_holds", "reading_keeping", "item_keepings", "rotas"}

// records are all tables whose rows are never changed or deleted.
func records() []string { return slices.Concat(appendOnly, casesAppendOnly) }
