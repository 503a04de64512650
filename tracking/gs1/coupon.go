package gs1

// digitsOf reads a coupon's digits from the front. The first thing that is
// missing or out of range spoils all that follows.
type digitsOf struct {
	rest    string
	spoiled bool
}

func (d *digitsOf) take(n int) string {
	if d.spoiled || n < 0 || len(d.rest) < n {
		d.spoiled = true
		return ""
	}
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out
}

// one is a digit between two limits.
func (d *digitsOf) one(least, most int) int {
	s := d.take(1)
	if s == "" || int(s[0]-'0') < least || int(s[0]-'0') > most {
		d.spoiled = true
		return 0
	}
	return int(s[0] - '0')
}

// sized is a value whose length is a digit and so many more.
func (d *digitsOf) sized(least, most, more int) string { return d.take(d.one(least, most) + more) }

// begins takes the digit that begins an optional field, when it is next.
func (d *digitsOf) begins(field byte) bool {
	if d.spoiled || d.rest == "" || d.rest[0] != field {
		return false
	}
	d.rest = d.rest[1:]
	return true
}

// requirement is a purchase requirement: its value, its code, its family.
func (d *digitsOf) requirement() {
	d.sized(1, 5, 0)
	if code := d.one(0, 9); code > 4 && code < 9 {
		d.spoiled = true
	}
	d.take(3)
}

// company is a company prefix of another brand, or 9 for none.
func (d *digitsOf) company() {
	if d.begins('9') {
		return
	}
	d.sized(0, 6, 6)
}

// couponCode judges the North American coupon code, AI (8110): company, offer,
// what is saved, what must be bought, then optional fields in ascending order.
func couponCode(s string) bool {
	if !allDigits(s) {
		return false
	}
	d := &digitsOf{rest: s}
	d.sized(0, 6, 6)
	d.take(6)
	d.sized(1, 5, 0)
	d.requirement()
	if d.begins('1') {
		d.one(0, 3)
		d.requirement()
		d.company()
	}
	if d.begins('2') {
		d.requirement()
		d.company()
	}
	start, expiry := "", ""
	if d.begins('3') {
		expiry = d.date()
	}
	if d.begins('4') {
		start = d.date()
	}
	if d.begins('5') {
		d.sized(0, 9, 6)
	}
	if d.begins('6') {
		d.sized(1, 7, 6)
	}
	if d.begins('9') {
		if code := d.one(0, 6); code == 3 || code == 4 {
			d.spoiled = true
		}
		d.one(0, 2)
		d.one(0, 9)
		d.one(0, 1)
	}
	return !d.spoiled && d.rest == "" && (start == "" || expiry == "" || start <= expiry)
}

func (d *digitsOf) date() string {
	s := d.take(6)
	if !d.spoiled && !calendar("20"+s, false) {
		d.spoiled = true
	}
	return s
}

// couponOffer judges the positive offer file's code, AI (8112): format, funder,
// offer, serial number.
func couponOffer(s string) bool {
	if !allDigits(s) {
		return false
	}
	d := &digitsOf{rest: s}
	d.one(0, 1)
	d.sized(0, 6, 6)
	d.take(6)
	d.sized(0, 9, 6)
	return !d.spoiled && d.rest == ""
}
