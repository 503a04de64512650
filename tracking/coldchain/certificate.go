package coldchain

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"path"
	"strings"

	"wardwatch/tracking/hospital"
)

// MaxPaperFile is the most bytes that the file of a paper may have.
const MaxPaperFile = 8 << 20

// ErrNoPaperFile: the paper came without a file.
var ErrNoPaperFile = fmt.Errorf("file of the paper %w", hospital.ErrUnknown)

// PaperFile is a certificate itself, as it was uploaded.
type PaperFile struct {
	Name, MediaType string
	Bytes           []byte
	SHA256          [sha256.Size]byte
}

// NewPaperFile is an uploaded file, by what its bytes say that it is: a PDF, a PNG or
// a JPEG. Anything else is refused, whatever its name.
func NewPaperFile(name string, data []byte) (PaperFile, error) {
	f := PaperFile{Name: strings.TrimSpace(path.Base(strings.ReplaceAll(name, `\`, "/"))), MediaType: http.DetectContentType(data), Bytes: data, SHA256: sha256.Sum256(data)}
	if f.Name == "" || f.Name == "." || f.Name == "/" {
		f.Name = "certificate"
	}
	if runes := []rune(f.Name); len(runes) > 120 {
		f.Name = string(runes[len(runes)-120:])
	}
	switch {
	case len(data) > MaxPaperFile:
		return f, hospital.Refuse(hospital.ErrInvalid, fmt.Sprintf("The file is larger than %d MB. Save it smaller.", MaxPaperFile>>20))
	case f.MediaType != "application/pdf" && f.MediaType != "image/png" && f.MediaType != "image/jpeg":
		return f, hospital.Refuse(hospital.ErrInvalid, "Only a PDF, a PNG or a JPEG can be kept as a certificate.")
	}
	return f, nil
}

// PaperFile is the file of a paper of a fridge; ErrNoPaperFile when it has none.
func (m *Monitor) PaperFile(ctx context.Context, id FridgeID, paper int64) (PaperFile, error) {
	return m.store.PaperFile(ctx, id, paper)
}
