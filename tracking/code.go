package tracking

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"wardwatch/tracking/gs1"
	"wardwatch/tracking/hospital"
)

// maxCode bounds what is taken for a scanned code, in bytes.
const maxCode = 300

// ByCode is the asset that a scanned code means, and nothing else can be meant:
// the link of a label that we printed, the number on a label, or any identity of
// a tag in any of the ways that hand scanners and readers write it. False for
// words, and for codes of something else.
func (e Equipment) ByCode(ctx context.Context, by hospital.Actor, text string) (AssetID, bool, error) {
	if err := by.Need(hospital.SeeEquipment); err != nil {
		return "", false, err
	}
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxCode {
		return "", false, nil
	}
	id, known, err := e.Store.Bearer(ctx, numbersOf(text), tagsOf(text))
	if err != nil {
		return "", false, fmt.Errorf("look up a scanned code: %w", err)
	}
	return id, known, nil
}

// numbersOf are the asset numbers that a code may be, the likeliest first.
// Scanners and people write capitals as they like.
func numbersOf(code string) []AssetID {
	if link, err := url.Parse(code); err == nil && link.Scheme != "" && link.Host != "" {
		_, number, ours := strings.Cut(link.Path, "/assets/")
		if !ours || number == "" || strings.Contains(number, "/") {
			return nil
		}
		return []AssetID{AssetID(number)}
	}
	if strings.ContainsAny(code, " \t\x1d") {
		return nil
	}
	return []AssetID{AssetID(code), AssetID(strings.ToLower(code)), AssetID(strings.ToUpper(code))}
}

// tagsOf are the identities of tags that a code may be: as it stands, a MAC with
// its separators taken out, an EPC's hexadecimal digits.
func tagsOf(code string) []string {
	tags := []string{code, strings.ToLower(code)}
	bare := strings.NewReplacer(":", "", "-", "", " ", "").Replace(code)
	if len(bare) == 12 {
		tags = append(tags, strings.ToLower(bare))
	}
	hex := strings.TrimPrefix(strings.ToLower(bare), "epc")
	if _, err := gs1.ParseEPC(hex); err == nil {
		tags = append(tags, "epc:"+strings.ToUpper(hex))
	}
	return tags
}

// TagIdentity is a tag's code as its identity is written here: a MAC without its
// separators in lower case, an EPC as "epc:" and upper-case digits, all else as it stands.
func TagIdentity(code string) string {
	code = strings.TrimSpace(code)
	bare := strings.NewReplacer(":", "", "-", "", " ", "").Replace(code)
	hex := strings.TrimPrefix(strings.ToLower(bare), "epc")
	if _, err := gs1.ParseEPC(hex); err == nil {
		return "epc:" + strings.ToUpper(hex)
	}
	if len(bare) == 12 && strings.Trim(strings.ToLower(bare), "0123456789abcdef") == "" {
		return strings.ToLower(bare)
	}
	return code
}
