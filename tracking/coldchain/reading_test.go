package coldchain

import "testing"

func TestTemperatureIsShownWithOneDecimalAndItsSign(t *testing.T) {
	for _, c := range []struct {
		is   MilliCelsius
		want string
	}{
		{4_249, "4.2 °C"}, {4_250, "4.3 °C"}, {-500, "-0.5 °C"}, {-49, "0.0 °C"}, {-50, "-0.1 °C"},
		{0, "0.0 °C"}, {-80_000, "-80.0 °C"}, {8_000, "8.0 °C"},
	} {
		if got := c.is.String(); got != c.want {
			t.Errorf("%d m°C is shown as %q, want %q", c.is, got, c.want)
		}
	}
}

func TestAnEmptyChannelIsTheProbe(t *testing.T) {
	if a, b := (Reading{Sensor: "s"}).Key(), (Reading{Sensor: "s", Channel: Probe}).Key(); a != b {
		t.Errorf("%v and %v should be one stream", a, b)
	}
}
