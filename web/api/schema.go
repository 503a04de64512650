package api

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"wardwatch/inventory"
	"wardwatch/inventory/reorder"
	"wardwatch/inventory/reorder/policy"
	"wardwatch/tracking"
	"wardwatch/tracking/coldchain"
	"wardwatch/tracking/hospital"
	"wardwatch/tracking/notify"
)

// object is JSON as it is written.
type object map[string]any

// words are the types of which only some values exist, with those.
func words() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[tracking.Status](): textOf(tracking.Statuses()),
		reflect.TypeFor[tracking.Silence](): textOf([]tracking.Silence{tracking.Fresh, tracking.Ageing, tracking.TagSilent, tracking.TakenOut,
			tracking.FlatBattery, tracking.GatewayOffline, tracking.NeverHeard}),
		reflect.TypeFor[hospital.RoomKind]():   textOf(hospital.RoomKinds()),
		reflect.TypeFor[coldchain.Direction](): textOf([]coldchain.Direction{coldchain.TooWarm, coldchain.TooCold}),
		reflect.TypeFor[Condition]():           conditions[:],
		reflect.TypeFor[Severity]():            {"notice", "warning", "serious", "critical"},
		reflect.TypeFor[notify.Life]():         textOf([]notify.Life{notify.Active, notify.Acknowledged, notify.Returned, notify.Closed}),
		reflect.TypeFor[notify.Reason](): textOf([]notify.Reason{notify.DoorOpen, notify.MovingStock, notify.Power, notify.Defrost,
			notify.SensorFault, notify.Battery, notify.OutOfReach, notify.MeantThere, notify.BringingBack, notify.WrongPlace, notify.OnItsWay, notify.NotNeeded, notify.OnIt, notify.OtherReason}),
		reflect.TypeFor[inventory.Kind](): textOf([]inventory.Kind{inventory.Opening, inventory.Receive, inventory.Use, inventory.Return,
			inventory.MoveOut, inventory.MoveIn, inventory.Count, inventory.Adjust, inventory.Discard, inventory.Held, inventory.Release}),
		reflect.TypeFor[inventory.Filter](): textOf([]inventory.Filter{inventory.Low, inventory.Expiring, inventory.OnHold, inventory.Expired}),
		reflect.TypeFor[policy.Kind]():      textOf(policy.Kinds()[1:]),
		reflect.TypeFor[reorder.Status]():   textOf([]reorder.Status{reorder.Waiting, reorder.HalfApproved, reorder.Approved, reorder.Declined}),
		reflect.TypeFor[reorder.OrderStatus](): textOf([]reorder.OrderStatus{reorder.Draft, reorder.Sent, reorder.PartReceived,
			reorder.Closed, reorder.Cancelled}),
	}
}

func textOf[S ~string](values []S) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
	}
	return texts
}

// schemas gathers the schemas of named types.
type schemas map[string]any

// of is the schema of a type. Structs are gathered under their names and referred to.
func (s schemas) of(t reflect.Type) object {
	switch {
	case t == timeType:
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[time.Duration]():
		panic("a duration has no unit in JSON: give it a number with one") // a mistake in a table of this package
	case t == reflect.TypeFor[Day]():
		return object{"type": "string", "format": "date"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		return s.refer(t)
	}
	if reflect.Zero(t).CanInt() {
		return object{"type": "integer"}
	}
	panic(fmt.Sprintf("no schema for %v", t))
}

func (s schemas) refer(t reflect.Type) object {
	name := schemaName(t)
	if _, known := s[name]; !known {
		s[name] = nil // so that a type that holds itself ends
		s[name] = s.structure(t, inBody)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// structure is the schema of the fields of a struct that stand in one place.
func (s schemas) structure(t reflect.Type, where string) object {
	properties, required := object{}, []string{}
	for _, f := range fieldsOf(t) {
		if f.where != where {
			continue
		}
		properties[f.name] = s.field(f)
		if !f.optional {
			required = append(required, f.name)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func (s schemas) field(f field) object {
	schema := s.of(f.Type)
	if len(f.enum) > 0 {
		schema["enum"] = f.enum
	}
	if f.max > 0 {
		schema["minimum"], schema["maximum"] = f.min, f.max
	}
	if f.doc != "" {
		schema["description"] = f.doc
	}
	return schema
}

// schemaName is a type's name; a list of assets is "AssetList".
func schemaName(t reflect.Type) string {
	name, of, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return name
	}
	of = strings.TrimSuffix(of, "]")
	return of[strings.LastIndexAny(of, "./")+1:] + name
}
