package main

import (
	"encoding/hex"
	"errors"
	"strings"

	"wardwatch/tracking/ingest/modbus"
)

type decodeModbus struct{}

// sampleLine is what a probe says, as the tool prints it.
type sampleLine struct {
	Celsius     *float64 `json:"celsius,omitempty"`
	HumidityPct *float64 `json:"humidity_pct,omitempty"`
	Fault       bool     `json:"fault,omitempty"`
}

// Run decodes answers to a question for temperature and humidity.
func (decodeModbus) Run(p process) error {
	return eachLine(p, func(line string) (any, error) {
		frame, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "").Replace(line))
		if err != nil || len(frame) == 0 {
			return nil, errors.New("the line is no hex text")
		}
		registers, err := modbus.Query{Unit: frame[0], Function: modbus.ReadInput, Register: 1, Count: 2}.FromRTU(frame)
		if err != nil {
			return nil, err
		}
		var answer sampleLine
		celsius, known := modbus.Value(registers[0], 0.1)
		if answer.Fault = !known; known {
			answer.Celsius = &celsius
		}
		if humidity, known := modbus.Value(registers[1], 0.1); known {
			answer.HumidityPct = &humidity
		}
		return answer, nil
	})
}
