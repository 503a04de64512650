package web

import (
	"encoding/csv"
	"io"
	"strings"

	"wardwatch/views"
)

// byteOrderMark makes spreadsheets read UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// newCSV begins a CSV file for spreadsheets. Write its rows through plainRow.
func newCSV(w io.Writer, header ...string) (*csv.Writer, error) {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return nil, err
	}
	file := csv.NewWriter(w)
	file.UseCRLF = true
	return file, file.Write(header)
}

// plainRow keeps a spreadsheet from taking what somebody typed for a formula: a
// cell that begins like one gets an apostrophe in front. (OWASP: CSV injection.)
func plainRow(cells ...string) []string {
	for i, cell := range cells {
		cell = views.UntwistText(cell)
		cells[i] = cell
		if cell != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}
	return cells
}
