package simulate

import (
	"encoding/json"
	"testing"

	"wardwatch/tracking/hospital/document"
)

func TestTheDrawingIsADocumentThatTheImporterReads(t *testing.T) {
	for _, size := range Sizes() {
		written, err := json.Marshal(Draw(size).Document(noon))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := document.Parse(written)
		if faults, ok := err.(document.Faults); ok {
			t.Fatalf("%s: %d faults; the first: %s", size, len(faults), faults[0])
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Assets) == 0 || len(doc.Stock) == 0 {
			t.Errorf("%s: %d assets, %d lots", size, len(doc.Assets), len(doc.Stock))
		}
	}
}
