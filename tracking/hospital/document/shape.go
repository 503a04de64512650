package document

import (
	"bytes"
	_ "embed" // the schema
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed hospital.schema.json
var schemaText []byte

// Schema is the published JSON Schema (2020-12) of a document.
func Schema() []byte { return bytes.Clone(schemaText) }

const schemaAddress = "https://wardwatch.example/schemas/hospital-1.json"

var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaAddress, text); err != nil {
		return nil, err
	}
	return compiler.Compile(schemaAddress)
})

// shape finds where a JSON text departs from the schema.
func shape(data []byte) (Faults, error) {
	schema, err := compiled()
	if err != nil {
		return nil, fmt.Errorf("compile the hospital schema: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode hospital document: %w", err)
	}
	wrong, ok := errors.AsType[*jsonschema.ValidationError](schema.Validate(value))
	if !ok {
		return nil, nil
	}
	return leaves(nil, wrong), nil
}

// leaves gathers the causes that have no cause of their own.
func leaves(faults Faults, e *jsonschema.ValidationError) Faults {
	at := pointer(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties: // each unknown key is a fault of its own
		for _, key := range k.Properties {
			faults = append(faults, Fault{Path: at + "/" + escape(key), Says: unknownKey(at, key)})
		}
		return faults
	case *kind.Required:
		for _, key := range k.Missing {
			faults = append(faults, Fault{Path: at, Says: fmt.Sprintf("The field %q is missing.", key)})
		}
		return faults
	}
	if len(e.Causes) == 0 {
		return append(faults, Fault{Path: at, Says: sentence(e.ErrorKind)})
	}
	for _, cause := range e.Causes {
		faults = leaves(faults, cause)
	}
	return faults
}

func unknownKey(at, key string) string {
	if strings.HasSuffix(at, "/antennas") {
		return fmt.Sprintf("%q is not an antenna port; they are numbered 1 to 99.", key)
	}
	return fmt.Sprintf("%q is not a field that is known here.", key)
}

// sentence says what is wrong in the words of someone who fills in a form.
func sentence(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		if k.Got == "number" && slices.Equal(k.Want, []string{"integer"}) {
			return "It must be a whole number, not one with a fraction."
		}
		return fmt.Sprintf("It must be %s, not %s.", inWords(k.Want), word(k.Got))
	case *kind.Enum:
		return fmt.Sprintf("It must be one of %s, not %s.", values(k.Want), value(k.Got))
	case *kind.Const:
		return fmt.Sprintf("It must be %s, not %s.", value(k.Want), value(k.Got))
	case *kind.Pattern:
		return fmt.Sprintf("%s is not written as it must be: %s.", value(k.Got), patternWords(k.Want))
	case *kind.Format:
		return fmt.Sprintf("%s is not %s.", value(k.Got), formatWords(k.Want))
	case *kind.MinLength:
		return fmt.Sprintf("It needs at least %s.", count(k.Want, "character"))
	case *kind.MaxLength:
		return fmt.Sprintf("It may have %s at most and has %d.", count(k.Want, "character"), k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("It needs at least %s and has %d.", entries(k.Want), k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("It may have %s at most and has %d.", entries(k.Want), k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("It may have %s at most and has %d.", entries(k.Want), k.Got)
	case *kind.UniqueItems:
		return fmt.Sprintf("Entries %d and %d are the same.", k.Duplicates[0], k.Duplicates[1])
	case *kind.Minimum:
		return fmt.Sprintf("It must be at least %s, not %s.", decimal(k.Want), decimal(k.Got))
	case *kind.Maximum:
		return fmt.Sprintf("It must be at most %s, not %s.", decimal(k.Want), decimal(k.Got))
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("It must be more than %s, not %s.", decimal(k.Want), decimal(k.Got))
	}
	return "It is not as the schema says: " + k.LocalizedString(message.NewPrinter(language.English)) + "."
}

// patternWords explains the schema's patterns; the schema is the only place that holds them.
func patternWords(pattern string) string {
	switch {
	case strings.HasPrefix(pattern, "^[A-Za-z0-9][A-Za-z0-9._-]"):
		return "letters, digits, dot, dash and underscore, 64 at most, a letter or digit first"
	case strings.Contains(pattern, "ibeacon:"):
		return "12 lower-case hex digits, ibeacon:UUID:major:minor, eddystone:NAMESPACE:INSTANCE in lower case or epc:HEX in upper case"
	case strings.Contains(pattern, "{12,14}"):
		return "8, 12, 13 or 14 digits"
	case strings.Contains(pattern, "[A-Z]{3}"):
		return "three capital letters, as EUR"
	case strings.Contains(pattern, "24:00"):
		return "a time of day, as 08:30"
	case strings.Contains(pattern, `\x00`):
		return "no control characters"
	}
	return "it must match " + pattern
}

func formatWords(format string) string {
	switch format {
	case "email":
		return "an e-mail address"
	case "date":
		return "a day of the calendar, written 2027-03-31"
	}
	return "a valid " + format
}

func inWords(types []string) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = word(t)
	}
	return strings.Join(words, " or ")
}

func word(jsonType string) string {
	switch jsonType {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "string":
		return "text"
	case "integer":
		return "a whole number"
	case "boolean":
		return "true or false"
	case "null":
		return "null"
	}
	return "a " + jsonType
}

func values(all []any) string {
	words := make([]string, len(all))
	for i, v := range all {
		words[i] = value(v)
	}
	return strings.Join(words, ", ")
}

// value quotes what was found, cut short: it may be anything.
func value(v any) string {
	const most = 80
	text := fmt.Sprint(v)
	if s, ok := v.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(6), "0")
}
