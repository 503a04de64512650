package bench

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzRead reads any file as a report; what is read can be printed and compared.
func FuzzRead(f *testing.F) {
	f.Add(`{"version":"1","rows":[{"scenario":"live","what":"p99","value":51,"unit":"ms","bar":250,"met":true}],"course":[{"seconds":1}]}`)
	f.Add(`{"rows":[{"value":1e308,"beside":1e-308}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		report, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if err := report.Table(io.Discard); err != nil {
			t.Error(err)
		}
		if err := Compare(io.Discard, report, report); err != nil {
			t.Error(err)
		}
		var again bytes.Buffer
		if err := report.Write(&again); err != nil {
			t.Error(err)
		}
	})
}
