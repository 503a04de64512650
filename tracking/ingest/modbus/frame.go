// Package modbus asks temperature probes that speak Modbus, over TCP or as RTU frames
// through a serial server (Modbus Application Protocol 1.1b3; Modbus over serial line 1.02).
//
// The path of data: a Poller connects to one probe, asks for its registers every
// interval, makes Values of them and hands those on; a probe that does not answer is
// asked again on a new connection. Frames are made and read by pure functions.
package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The functions that read registers.
const (
	ReadHolding = 3
	ReadInput   = 4
)

// maxRegisters is how many registers one answer may carry.
const maxRegisters = 125

// What can be wrong with an answer.
var (
	// ErrFrame: the bytes are no answer to what was asked.
	ErrFrame = errors.New("not an answer to what was asked")
	// ErrException: the probe refuses; the wrapping sentence says why.
	ErrException = errors.New("the probe refuses")
)

// exceptions are the reasons for refusal, by code.
var exceptions = map[byte]string{1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure", 6: "device busy", 8: "memory parity error", 10: "gateway path unavailable", 11: "gateway target failed to respond"}

// Query asks a unit for registers.
type Query struct {
	Unit     byte
	Function byte // ReadHolding or ReadInput
	Register uint16
	Count    uint16
}

func (q Query) pdu() []byte {
	b := []byte{q.Function, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[1:], q.Register)
	binary.BigEndian.PutUint16(b[3:], q.Count)
	return b
}

// registers reads the answer's part after unit and before any checksum.
func (q Query) registers(pdu []byte) ([]uint16, error) {
	switch {
	case len(pdu) == 2 && pdu[0] == q.Function|0x80:
		why := exceptions[pdu[1]]
		if why == "" {
			why = fmt.Sprintf("exception %d", pdu[1])
		}
		return nil, fmt.Errorf("%w: %s", ErrException, why)
	case len(pdu) < 2 || pdu[0] != q.Function || int(pdu[1]) != len(pdu)-2 || len(pdu)-2 != 2*int(q.Count):
		return nil, ErrFrame
	}
	values := make([]uint16, q.Count)
	for i := range values {
		values[i] = binary.BigEndian.Uint16(pdu[2+2*i:])
	}
	return values, nil
}

// RTU is the query as a frame of a serial line.
func (q Query) RTU() []byte {
	b := append([]byte{q.Unit}, q.pdu()...)
	return binary.LittleEndian.AppendUint16(b, checksum(b))
}

// FromRTU reads the answer of a serial line: unit, answer, checksum.
func (q Query) FromRTU(frame []byte) ([]uint16, error) {
	if len(frame) < 5 || frame[0] != q.Unit {
		return nil, ErrFrame
	}
	body := frame[:len(frame)-2]
	if binary.LittleEndian.Uint16(frame[len(body):]) != checksum(body) {
		return nil, fmt.Errorf("%w: its checksum is wrong", ErrFrame)
	}
	return q.registers(body[1:])
}

// TCP is the query as Modbus TCP frames it; the answer carries the same number.
func (q Query) TCP(number uint16) []byte {
	pdu := q.pdu()
	b := binary.BigEndian.AppendUint16(nil, number)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(1+len(pdu)))
	return append(append(b, q.Unit), pdu...)
}

// tcpHead is the size of what stands before unit and answer.
const tcpHead = 6

// FromTCP reads an answer.
func (q Query) FromTCP(number uint16, frame []byte) ([]uint16, error) {
	if len(frame) < tcpHead+2 || binary.BigEndian.Uint16(frame) != number || binary.BigEndian.Uint16(frame[2:]) != 0 ||
		int(binary.BigEndian.Uint16(frame[4:])) != len(frame)-tcpHead || frame[tcpHead] != q.Unit {
		return nil, ErrFrame
	}
	return q.registers(frame[tcpHead+1:])
}

// checksum is CRC-16/MODBUS.
func checksum(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

// Value is a register as a number with its sign and scale; false where the probe says
// that it has none (0x8000 and 0x7FFF are what makers send then).
func Value(register uint16, scale float64) (float64, bool) {
	if register == 0x8000 || register == 0x7FFF {
		return 0, false
	}
	return math.Round(float64(int16(register))*scale*1e6) / 1e6, true
}
