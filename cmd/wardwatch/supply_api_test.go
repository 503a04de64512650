package main

import (
	"fmt"
	"testing"

	"wardwatch/tracking/hospital"
)

// A program sets how an item is refilled, its packs, whose it is, cabinets and budgets,
// by the rules of the pages.
func TestAProgramSetsUpTheSupply(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	manager, administrator := hospital.SupplyManager, hospital.Administrator
	list := func(answer map[string]any, name string) []any { return answer[name].([]any) }

	is := o.tells(manager, "GET", "/api/v1/stock/mmr/settings", "", 200)
	if len(list(is, "refills"))+len(list(is, "packs"))+len(list(is, "consigned")) != 0 {
		t.Errorf("nobody has set %v", is)
	}
	is = o.tells(manager, "POST", "/api/v1/stock/mmr/refill", `{"place":"fridge-1","kind":"kanban","bins":2,"bin_size":30}`, 200)
	if one := list(is, "refills")[0].(map[string]any); one["kind"] != "kanban" || one["bin_size"] != 30.0 || one["maximum"] != nil {
		t.Errorf("refilled by %v", one)
	}
	o.tells(manager, "POST", "/api/v1/stock/mmr/refill", `{"place":"fridge-1","kind":"kanban","bins":1,"bin_size":30}`, 422)
	o.tells(manager, "POST", "/api/v1/stock/mmr/refill", `{"place":"moon","kind":"par","maximum":3,"review_days":7}`, 404)
	o.tells(hospital.Nurse, "POST", "/api/v1/stock/mmr/refill", `{"place":"fridge-1"}`, 403)
	if is = o.tells(manager, "POST", "/api/v1/stock/mmr/refill", `{"place":"fridge-1"}`, 200); len(list(is, "refills")) != 0 {
		t.Errorf("by its use again: %v", is)
	}
	is = o.tells(manager, "POST", "/api/v1/stock/mmr/packs", `{"name":"Box","units":10}`, 200)
	if one := list(is, "packs")[0].(map[string]any); one["name"] != "box" || one["units"] != 10.0 {
		t.Errorf("packs %v", is)
	}
	o.tells(manager, "POST", "/api/v1/stock/mmr/packs", `{"name":"box","units":1}`, 422)
	o.tells(manager, "POST", "/api/v1/stock/mmr/consignment", `{"place":"fridge-1","supplier":"nordmed"}`, 422) // something lies there
	o.tells(manager, "POST", "/api/v1/stock/mmr/consignment", `{"place":"store-a","supplier":"nobody"}`, 422)
	if is = o.tells(manager, "POST", "/api/v1/stock/mmr/consignment", `{"place":"store-a","supplier":"nordmed"}`, 200); len(list(is, "consigned")) != 1 {
		t.Errorf("whose it is: %v", is)
	}
	cabinets := items(o.tells(manager, "POST", "/api/v1/cabinets", `{"place":"fridge-1","gateway":"rd-01"}`, 200))
	if len(cabinets) != 2 || fmt.Sprint(items(o.tells(hospital.Nurse, "GET", "/api/v1/cabinets", "", 200))) != fmt.Sprint(cabinets) {
		t.Errorf("cabinets %v", cabinets)
	}
	o.tells(manager, "POST", "/api/v1/cabinets", `{"place":"fridge-1","gateway":"none"}`, 422)

	const year = `"name":"Pharmacy","unit":"pharmacy","from":"2026-01-01","until":"2026-12-31"`
	o.tells(manager, "POST", "/api/v1/budgets", `{`+year+`,"amount":{"minor":100,"currency":"EUR"}}`, 403)
	before := len(items(o.tells(manager, "GET", "/api/v1/budgets", "", 200)))
	all := items(o.tells(administrator, "POST", "/api/v1/budgets", `{`+year+`,"amount":{"minor":100,"currency":"EUR"}}`, 200))
	if len(all) != before+1 {
		t.Fatalf("budgets %v", all)
	}
	o.tells(administrator, "POST", "/api/v1/budgets", `{`+year+`,"amount":{"minor":100,"currency":"EUR"}}`, 422) // the same days
	for _, b := range all {
		if b["name"] != "Pharmacy" {
			continue
		}
		body := fmt.Sprintf(`{"id":%v,"version":%v,`+year+`,"amount":{"minor":500,"currency":"EUR"}}`, b["id"], b["version"])
		o.tells(administrator, "POST", "/api/v1/budgets", body, 200)
		o.tells(administrator, "POST", "/api/v1/budgets", body, 409)
	}
	o.tells(administrator, "POST", "/api/v1/budgets", `{"name":"A","from":"soon","until":"2026-12-31","amount":{"minor":100,"currency":"EUR"}}`, 400)
}
