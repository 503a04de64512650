package modbus

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Setting is one probe: where it is and which of its registers say what.
type Setting struct {
	Address  string // host and port
	Unit     byte
	Function byte
	// Temperature and Humidity are register numbers; a negative Humidity is none.
	Temperature, Humidity int
	// Scale is what one of a register's temperature is in degrees Celsius.
	Scale float64
	// Every is how often it is asked.
	Every time.Duration
	// RTU says that the address is a serial server that passes frames on as they are.
	RTU bool
}

// Limits of what can be set.
const (
	shortest = time.Second
	longest  = time.Hour
)

// ErrSetting: what was set is no probe.
var ErrSetting = errors.New("no Modbus probe")

// ParseSetting reads "HOST[:PORT][/UNIT][?register=1&humidity=2&function=4&scale=0.1&every=1m&framing=rtu]".
// What is not said is an XY-MD02's: function 4, register 1 in tenths of a degree, humidity after it.
func ParseSetting(said string) (Setting, error) {
	s := Setting{Unit: 1, Function: ReadInput, Temperature: 1, Humidity: 2, Scale: 0.1, Every: time.Minute}
	where, query, _ := strings.Cut(said, "?")
	where, unit, named := strings.Cut(where, "/")
	if named {
		n, err := strconv.ParseUint(unit, 10, 8)
		if err != nil || n > 247 {
			return s, fmt.Errorf("%w: unit %q is none from 0 to 247", ErrSetting, unit)
		}
		s.Unit = byte(n)
	}
	if _, _, err := net.SplitHostPort(where); err != nil {
		where = net.JoinHostPort(strings.Trim(where, "[]"), "502")
	}
	if host, port, err := net.SplitHostPort(where); err != nil || host == "" || strings.ContainsAny(host, " /") {
		return s, fmt.Errorf("%w: %q is no HOST:PORT", ErrSetting, where)
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return s, fmt.Errorf("%w: %q is no port", ErrSetting, port)
	}
	s.Address = where
	values, err := url.ParseQuery(query)
	if err != nil {
		return s, fmt.Errorf("%w: %q can't be read", ErrSetting, query)
	}
	for name := range values {
		if err := s.set(name, values.Get(name)); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *Setting) set(name, value string) error {
	n, err := strconv.ParseInt(value, 10, 32)
	register := err == nil && n >= 0 && n <= 0xFFFF
	switch name {
	case "register":
		s.Temperature, s.Humidity = int(n), -1
	case "humidity":
		s.Humidity = int(n)
	case "function":
		s.Function, register = byte(n), n == ReadHolding || n == ReadInput
	case "scale":
		s.Scale, err = strconv.ParseFloat(value, 64)
		register = err == nil && s.Scale > 0 && s.Scale <= 10
	case "every":
		s.Every, err = time.ParseDuration(value)
		register = err == nil && s.Every >= shortest && s.Every <= longest
	case "framing":
		s.RTU, register = value == "rtu", value == "rtu" || value == "tcp"
	default:
		return fmt.Errorf("%w: there is no setting %q", ErrSetting, name)
	}
	if !register {
		return fmt.Errorf("%w: %s=%s can't be", ErrSetting, name, value)
	}
	return nil
}

// query asks for the registers from the first to the last that are wanted.
func (s Setting) query() Query {
	first, last := s.Temperature, s.Temperature
	if s.Humidity >= 0 {
		first, last = min(first, s.Humidity), max(last, s.Humidity)
	}
	if last-first >= maxRegisters { // too far apart for one answer
		first, last = s.Temperature, s.Temperature
	}
	return Query{Unit: s.Unit, Function: s.Function, Register: uint16(first), Count: uint16(last - first + 1)}
}

// Sample is what a probe said.
type Sample struct {
	At      time.Time
	Celsius float64
	// Fault is set where the probe says that it has no value.
	Fault       bool
	HumidityPct *float64
}

func (s Setting) sample(q Query, registers []uint16, at time.Time) Sample {
	celsius, ok := Value(registers[s.Temperature-int(q.Register)], s.Scale)
	sample := Sample{At: at, Celsius: celsius, Fault: !ok}
	if i := s.Humidity - int(q.Register); s.Humidity >= 0 && i < len(registers) {
		if pct, ok := Value(registers[i], 0.1); ok && pct >= 0 && pct <= 100 {
			sample.HumidityPct = &pct
		}
	}
	return sample
}
