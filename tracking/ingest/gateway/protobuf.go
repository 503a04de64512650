package gateway

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// protoTypes are the fields that are read of a protobuf message, each with its wire type.
type protoTypes map[int]protowire.Type

// protoFields calls use with every field of a protobuf message that is read: its number,
// and its value as bytes, or as a number where it is one. A field of another wire type is
// left out, for its bits mean something else: a text would be a temperature of 0 °C. What
// can't be read is said in fault, empty when there is nothing; where the message is broken
// it is not whole, and what follows is lost.
func protoFields(message []byte, read protoTypes, use func(number int, value []byte, n uint64)) (fault string, whole bool) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return "a field's tag is broken", false
		}
		message = message[size:]
		value, n, size := protoValue(message, number, kind)
		if size < 0 {
			return fmt.Sprintf("field %d ends too early", number), false
		}
		switch wanted, known := read[int(number)]; {
		case known && wanted == kind:
			use(int(number), value, n)
		case known:
			fault = fmt.Sprintf("field %d is of another type than its format says", number)
		}
		message = message[size:]
	}
	return fault, true
}

// protoValue reads the value at the start of what follows a tag; size is below 0 when it is broken.
func protoValue(message []byte, number protowire.Number, kind protowire.Type) (value []byte, n uint64, size int) {
	switch kind {
	case protowire.BytesType:
		value, size = protowire.ConsumeBytes(message)
	case protowire.VarintType:
		n, size = protowire.ConsumeVarint(message)
	case protowire.Fixed32Type:
		var bits uint32
		bits, size = protowire.ConsumeFixed32(message)
		n = uint64(bits)
	case protowire.Fixed64Type:
		n, size = protowire.ConsumeFixed64(message)
	default:
		size = protowire.ConsumeFieldValue(number, kind, message)
	}
	return value, n, size
}
