// Package rfid reads what RFID readers say of tags: the EPC in the forms that
// readers send it. Its meaning (GTIN, asset number) is the matter of tracking/gs1.
//
// It is pure: bytes and text in, identities out.
package rfid

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// MaxEPC is the longest EPC that is read, in bytes: the air protocol's length field
// counts to 31 words of 16 bits (EPC Gen2 2.0 §6.3.2.1.2).
const MaxEPC = 62

// ErrEPC says that a text is no EPC.
var ErrEPC = errors.New("not an EPC")

// Tag is the identity of an EPC: "epc:" and upper-case hex.
func Tag(epc []byte) (string, error) {
	if len(epc) == 0 || len(epc) > MaxEPC {
		return "", ErrEPC
	}
	return "epc:" + strings.ToUpper(hex.EncodeToString(epc)), nil
}

// FromHex is the identity of an EPC in hex, upper or lower case.
func FromHex(s string) (string, error) {
	epc, err := hex.DecodeString(s)
	if err != nil {
		return "", ErrEPC
	}
	return Tag(epc)
}

// FromBase64 is the identity of an EPC in base64, in its usual or its URL alphabet,
// with or without padding.
func FromBase64(s string) (string, error) {
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	epc, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return "", ErrEPC
	}
	return Tag(epc)
}
