package notify

// Which alarms a list holds.
const (
	AnyAlarm   = ""
	OpenAlarm  = "open"
	EndedAlarm = "closed"
)

// Selection chooses alarms for a list, the last raised first.
type Selection struct {
	State   string // AnyAlarm, OpenAlarm or EndedAlarm
	Subject string // "fridge/f-03"; empty: of anything
	// Before is the last number of the list's part before; 0 begins the list.
	Before AlarmID
}
