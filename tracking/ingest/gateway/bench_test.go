package gateway

import (
	"fmt"
	"strings"
	"testing"
)

// minewMessage is what a Minew gateway sends a second in a busy corridor.
func minewMessage(rows int) []byte {
	var b strings.Builder
	b.WriteString(`[{"timestamp":"2026-05-04T09:59:58.123Z","type":"Gateway","mac":"AC233F000001","gatewayFree":96,"gatewayLoad":0.07}`)
	for i := range rows {
		fmt.Fprintf(&b, `,{"timestamp":"2026-05-04T09:59:58.%03dZ","mac":"C0FFEE%06X","bleName":"","rssi":%d,"rawData":"0201060303E1FF0D16E1FFA10364001A000300FA%02X0000EEFFC0"}`,
			i, i, -50-i%40, i%256)
	}
	b.WriteString("]")
	return []byte(b.String())
}

func BenchmarkMinewDecode(b *testing.B) {
	const rows = 75
	body, room := minewMessage(rows), new(Room)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		batch, err := Decode(Message{Topic: "/gw/ac233f000001/status", Body: body, Gateway: "ac233f000001", ReceivedAt: received, Room: room})
		if err != nil || len(batch.Sightings) != rows {
			b.Fatal(len(batch.Sightings), err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "sightings/s")
}
