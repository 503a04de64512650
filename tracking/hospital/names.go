package hospital

import "regexp"

// Names that came from pages are held to what the hospital's document can hold: one that it
// can't would make the whole document unreadable from then on. The document's tests keep
// these two equal to its schema.
var (
	plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	tagID   = regexp.MustCompile(`^([0-9a-f]{12}|ibeacon:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[0-9]{1,5}:[0-9]{1,5}|eddystone:[0-9a-f]{20}:[0-9a-f]{12}|epc:([0-9A-F]{4}){1,31})$`)
)

// FitsID says whether an id of a gateway, room, unit or the like can stand in the hospital's document.
func FitsID(id string) bool { return plainID.MatchString(id) }

// FitsTag says whether a tag's identity can stand in the hospital's document.
func FitsTag(id string) bool { return tagID.MatchString(id) }

// IDPattern and TagPattern are what they go by, as the schema writes it.
func IDPattern() string  { return plainID.String() }
func TagPattern() string { return tagID.String() }
