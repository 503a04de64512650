package rfid

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// The Low Level Reader Protocol (EPCglobal LLRP 1.1). Every message is a header of
// ten bytes (version and type, length, id) and parameters; a parameter is TLV, or TV
// of a fixed size when the top bit of its first byte is set.

// Limits of one LLRP message.
const (
	// MaxLLRP is the longest message that is read, in bytes.
	MaxLLRP = 1 << 20
	// MaxReads is the most tag reports of one message.
	MaxReads = 10_000

	llrpHeader = 10
)

// ErrLLRP says that bytes are no LLRP. The wrapping sentence says where.
var ErrLLRP = errors.New("not LLRP")

// MessageType is what an LLRP message is.
type MessageType uint16

// The messages that a client needs (LLRP 1.1 §17.1).
const (
	getReaderCapabilities  MessageType = 1
	setReaderConfig        MessageType = 3
	closeConnectionReply   MessageType = 4
	setReaderConfigReply   MessageType = 13
	closeConnection        MessageType = 14
	addROSpec              MessageType = 20
	deleteROSpec           MessageType = 21
	enableROSpec           MessageType = 24
	addROSpecReply         MessageType = 30
	deleteROSpecReply      MessageType = 31
	enableROSpecReply      MessageType = 34
	ROAccessReport         MessageType = 61
	keepalive              MessageType = 62
	readerEvent            MessageType = 63
	enableEventsAndReports MessageType = 64
	keepaliveAck           MessageType = 72
	errorMessage           MessageType = 100
)

// The parameters that are read or written (LLRP 1.1 §17.2).
const (
	paramROSpec                 = 177
	paramROBoundary             = 178
	paramStartTrigger           = 179
	paramStopTrigger            = 182
	paramAISpec                 = 183
	paramAIStopTrigger          = 184
	paramInventory              = 186
	paramKeepalive              = 220
	paramReportSpec             = 237
	paramReportContent          = 238
	paramTagReport              = 240
	paramEPCData                = 241
	paramReaderEvent            = 246
	paramConnectionAttempt      = 256
	paramStatus                 = 287
	paramAntennaID              = 1
	paramFirstSeenUTC           = 2
	paramLastSeenUTC            = 4
	paramPeakRSSI               = 6
	paramEPC96                  = 13
	epcClass1Gen2          byte = 1
)

// tvSizes are the bytes of TV parameters behind their type.
var tvSizes = map[byte]int{1: 2, 2: 8, 3: 8, 4: 8, 5: 8, 6: 1, 7: 2, 8: 2, 9: 4, 10: 2, 11: 2, 12: 2, 13: 12, 14: 2,
	15: 2, 16: 4, 17: 2, 18: 4, 19: 2, 20: 2}

// LLRPMessage is one message.
type LLRPMessage struct {
	Type MessageType
	ID   uint32
	Body []byte
}

// ReadLLRP reads one message, however its bytes arrive.
func ReadLLRP(from io.Reader) (LLRPMessage, error) {
	var head [llrpHeader]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return LLRPMessage{}, err
	}
	size := binary.BigEndian.Uint32(head[2:])
	if size < llrpHeader || size > MaxLLRP {
		return LLRPMessage{}, fmt.Errorf("%w: a message of %d bytes", ErrLLRP, size)
	}
	m := LLRPMessage{Type: MessageType(binary.BigEndian.Uint16(head[:]) & 0x3FF), ID: binary.BigEndian.Uint32(head[6:]), Body: make([]byte, size-llrpHeader)}
	_, err := io.ReadFull(from, m.Body)
	return m, err
}

// Bytes is the message as it goes on the wire, version 1.0.1, which every reader speaks.
func (m LLRPMessage) Bytes() []byte {
	const version = 1 << 10
	b := binary.BigEndian.AppendUint16(nil, version|uint16(m.Type))
	b = binary.BigEndian.AppendUint32(b, uint32(llrpHeader+len(m.Body)))
	b = binary.BigEndian.AppendUint32(b, m.ID)
	return append(b, m.Body...)
}

// ParseLLRP reads one whole message; a body without its header is taken for a report.
func ParseLLRP(b []byte) (LLRPMessage, error) {
	if len(b) > MaxLLRP {
		return LLRPMessage{}, fmt.Errorf("%w: longer than %d bytes", ErrLLRP, MaxLLRP)
	}
	if len(b) >= llrpHeader && int(binary.BigEndian.Uint32(b[2:])) == len(b) {
		return LLRPMessage{Type: MessageType(binary.BigEndian.Uint16(b) & 0x3FF), ID: binary.BigEndian.Uint32(b[6:]), Body: b[llrpHeader:]}, nil
	}
	if len(b) >= 4 && binary.BigEndian.Uint16(b) == paramTagReport {
		return LLRPMessage{Type: ROAccessReport, Body: b}, nil
	}
	return LLRPMessage{}, fmt.Errorf("%w: neither a message of its own length nor tag reports", ErrLLRP)
}

// Read is one tag report.
type Read struct {
	EPC []byte
	// Antenna is the port, from 1; 0 when the reader does not say.
	Antenna int
	RSSIdBm int
	HasRSSI bool
	// FirstSeen and LastSeen are by the reader's clock; zero when it does not say, or
	// counts from its start instead.
	FirstSeen, LastSeen time.Time
}

// Reads are the tag reports of an RO_ACCESS_REPORT. What was read before a break
// comes with ErrLLRP.
func (m LLRPMessage) Reads() ([]Read, error) {
	if m.Type != ROAccessReport {
		return nil, fmt.Errorf("%w: message type %d is no RO_ACCESS_REPORT", ErrLLRP, m.Type)
	}
	var reads []Read
	var fault error
	err := parameters(m.Body, func(kind int, body []byte) {
		if kind != paramTagReport || fault != nil {
			return
		}
		if len(reads) == MaxReads {
			fault = fmt.Errorf("%w: more than %d tag reports", ErrLLRP, MaxReads)
			return
		}
		var read Read
		if read, fault = tagReport(body); fault == nil {
			reads = append(reads, read)
		}
	})
	return reads, errors.Join(err, fault)
}

func tagReport(body []byte) (Read, error) {
	var r Read
	err := parameters(body, func(kind int, v []byte) {
		switch kind {
		case paramEPC96:
			r.EPC = v
		case paramEPCData:
			r.EPC = epcData(v)
		case paramAntennaID:
			r.Antenna = int(binary.BigEndian.Uint16(v))
		case paramPeakRSSI:
			r.RSSIdBm, r.HasRSSI = int(int8(v[0])), true
		case paramFirstSeenUTC:
			r.FirstSeen = microseconds(v)
		case paramLastSeenUTC:
			r.LastSeen = microseconds(v)
		}
	})
	if err == nil && len(r.EPC) == 0 {
		err = fmt.Errorf("%w: a tag report without an EPC", ErrLLRP)
	}
	return r, err
}

// epcData is an EPC of any length: its bits, and the bytes that hold them; nil when they do not.
func epcData(v []byte) []byte {
	if len(v) < 2 {
		return nil
	}
	size := (int(binary.BigEndian.Uint16(v)) + 7) / 8
	if size > len(v)-2 {
		return nil
	}
	return v[2 : 2+size]
}

// firstPlausible is the earliest time that a reader with a set clock can mean.
var firstPlausible = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func microseconds(v []byte) time.Time {
	us := binary.BigEndian.Uint64(v)
	if us > 1<<60 {
		return time.Time{}
	}
	at := time.UnixMicro(int64(us)).UTC()
	if at.Before(firstPlausible) {
		return time.Time{}
	}
	return at
}

// firstTLV is the first type that says its length; those below it have one of their own.
const firstTLV = 128

// parameters calls use with each parameter's type and body.
func parameters(b []byte, use func(kind int, body []byte)) error {
	for len(b) > 0 {
		if b[0]&0x80 != 0 {
			kind := b[0] & 0x7F
			size, known := tvSizes[kind]
			if !known || len(b) < 1+size {
				return fmt.Errorf("%w: parameter %d ends too early or is not known", ErrLLRP, kind)
			}
			use(int(kind), b[1:1+size])
			b = b[1+size:]
			continue
		}
		if len(b) < 4 {
			return fmt.Errorf("%w: it ends inside a parameter", ErrLLRP)
		}
		kind, size := int(binary.BigEndian.Uint16(b)&0x3FF), int(binary.BigEndian.Uint16(b[2:]))
		if size < 4 || size > len(b) {
			return fmt.Errorf("%w: parameter %d of %d bytes, %d are left", ErrLLRP, kind, size, len(b))
		}
		if kind < firstTLV {
			return fmt.Errorf("%w: parameter %d never says its length", ErrLLRP, kind)
		}
		use(kind, b[4:size])
		b = b[size:]
	}
	return nil
}

// tlv writes a parameter.
func tlv(kind uint16, parts ...[]byte) []byte {
	size := 4
	for _, p := range parts {
		size += len(p)
	}
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func u16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// status is the outcome that a reply carries: 0 is success.
func (m LLRPMessage) status() (code int, text string) {
	_ = parameters(m.Body, func(kind int, v []byte) {
		if kind != paramStatus || len(v) < 4 {
			return
		}
		code = int(binary.BigEndian.Uint16(v))
		if size := int(binary.BigEndian.Uint16(v[2:])); size <= len(v)-4 {
			text = string(v[4 : 4+size])
		}
	})
	return code, text
}

// connectionAttempt is the outcome of connecting that a reader's first event carries; 0 is success.
func (m LLRPMessage) connectionAttempt() (code int, told bool) {
	_ = parameters(m.Body, func(kind int, data []byte) {
		if kind != paramReaderEvent {
			return
		}
		_ = parameters(data, func(kind int, v []byte) {
			if kind == paramConnectionAttempt && len(v) >= 2 {
				code, told = int(binary.BigEndian.Uint16(v)), true
			}
		})
	})
	return code, told
}
