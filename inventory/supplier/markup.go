package supplier

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"time"
	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// File writes an order as its supplier's channel takes it: Peppol BIS Order 3 or
// cXML. at is by the hospital's clock; message is the number that stays the same
// at every try.
func File(o reorder.Order, site hospital.Site, at time.Time, message string) ([]byte, error) {
	switch o.Supplier.Channel.Format {
	case inventory.Peppol:
		return peppolOrder(o, site, at), nil
	case inventory.CXML:
		return cxmlOrder(o, site, at, message), nil
	}
	return nil, fmt.Errorf("there is no format %q", o.Supplier.Channel.Format)
}

// ChangeFile writes an order as it is after a change, as its supplier's channel takes it.
func ChangeFile(o reorder.Order, site hospital.Site, at time.Time, c reorder.ChangeNote) ([]byte, error) {
	switch o.Supplier.Channel.Format {
	case inventory.Peppol:
		return peppolChange(o, site, at, c), nil
	case inventory.CXML:
		return cxmlChange(o, site, at, c), nil
	}
	return nil, fmt.Errorf("there is no format %q", o.Supplier.Channel.Format)
}

// node is one element of a file, with text or with others in it.
type node struct {
	name  string
	attrs []string // name, value, name, value
	text  string
	kids  []node
}

// in is an element that holds others; those without a name are left out.
func in(name string, kids ...node) node { return node{name: name, kids: kids} }

// say is an element that holds text.
func say(name, text string, attrs ...string) node { return node{name: name, text: text, attrs: attrs} }

// sayIf is say, or nothing where there is no text.
func sayIf(name, text string, attrs ...string) node {
	if text == "" {
		return node{}
	}
	return say(name, text, attrs...)
}

// inIf is in, or nothing where the condition does not hold.
func inIf(holds bool, name string, kids ...node) node {
	if !holds {
		return node{}
	}
	return in(name, kids...)
}

// with gives an element attributes.
func (n node) with(attrs ...string) node { n.attrs = attrs; return n }

func (n node) write(b *bytes.Buffer, depth int) {
	if n.name == "" {
		return
	}
	indent := strings.Repeat("  ", depth)
	b.WriteString(indent + "<" + n.name)
	for i := 0; i+1 < len(n.attrs); i += 2 {
		b.WriteString(" " + n.attrs[i] + `="` + escaped(n.attrs[i+1]) + `"`)
	}
	b.WriteString(">")
	if len(n.kids) == 0 {
		b.WriteString(escaped(n.text) + "</" + n.name + ">\n")
		return
	}
	b.WriteString("\n")
	for _, kid := range n.kids {
		kid.write(b, depth+1)
	}
	b.WriteString(indent + "</" + n.name + ">\n")
}

// escaped is text as XML has it; what XML forbids becomes the replacement character.
func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}

// decimal is an amount of minor units: "1234.50".
func decimal(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// party splits "0088:4035811991014" into its scheme and its number.
func party(id string) (scheme, number string) {
	scheme, number, found := strings.Cut(id, ":")
	if !found {
		return "", id
	}
	return scheme, number
}
