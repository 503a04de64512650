package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/views"
)

func (d *Door) probeRoutes() []route {
	return []route{{post, "/fridges/:id/probes/off", hospital.ManageDevices, d.takeProbeOff}}
}

// devicesOf is what a fridge's devices tell beside temperatures.
func (d *Door) devicesOf(ctx context.Context, by hospital.Actor, s coldchain.Standing) (views.FridgeDevices, error) {
	p := views.FridgeDevices{Fridge: s.Fridge.ID, Probes: s.Probes, Now: s.Signs, Actor: by}
	var err error
	if p.Signs, err = d.ColdChain.Signs(ctx, s.Fridge.ID, maxOfFridge); err != nil {
		return p, err
	}
	p.Flags, err = d.ColdChain.Flags(ctx, s.Fridge.ID, maxOfFridge)
	return p, err
}

// takeProbeOff makes a probe watch its fridge no longer.
func (d *Door) takeProbeOff(c echo.Context) error {
	id := coldchain.FridgeID(c.Param("id"))
	sensor, channel, _ := strings.Cut(strings.ReplaceAll(c.FormValue("probe"), "\r\n", "\n"), "\n")
	key, why := coldchain.SensorKey{Sensor: sensor, Channel: channel}, strings.TrimSpace(c.FormValue("why"))
	err := d.ColdChain.Detach(c.Request().Context(), d.actor(c), id, key, why)
	if _, wrong := formFault(err); wrong != "" {
		return d.showFridge(c, http.StatusUnprocessableEntity, &views.FridgeForms{Zone: d.Register.Current().Site.Zone, ProbeWhy: why, ProbeError: wrong})
	}
	if err != nil {
		return err
	}
	d.say(c, "The probe "+key.String()+" watches this fridge no longer.")
	return d.seeOther(c, "/fridges/"+string(id))
}
