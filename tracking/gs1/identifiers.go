package gs1

import (
	"strconv"
	"strings"
	"sync"
)

// format is how one application identifier's value is built.
type format struct {
	ai    string
	title string
	// fixed: the length is known from the identifier's first two digits, so no
	// separator follows (General Specifications figure 7.8.5-2).
	fixed bool
	parts []part
	// needs: of each group at least one must be on the same item. excludes: none may.
	needs    [][]string
	excludes []string
}

// part is one piece of a value.
type part struct {
	class    byte // 'n' digits, 'x' the 82 characters, 'y' the 39, 'z' base 64 for addresses
	least    int
	most     int
	optional bool
	rules    []string // names of content rules, see rules.go
}

// identifiers lists them one a line: number or range, parts, title, associations.
// A part is a class and a length ("n6"), or a greatest length ("x..20"); a
// trailing "?" makes it optional; content rules follow after ":". "+a,b" needs
// one of these on the same item ("c+d" both of them), "-a,b" excludes them; a trailing "n" stands for
// any digit. Facts from the General Specifications, section 3.
const identifiers = `
00 n18:check:company|SSCC
01 n14:check:company|GTIN|-02,255,37
02 n14:check:company|CONTENT|+37
03 n14:check:company|MTO GTIN|-02,37
10 x..20|BATCH/LOT|+01,02,03,8006,8026
11 n6:yymmd0|PROD DATE|+01,02,03,8006,8026
12 n6:yymmd0|DUE DATE|+8020
13 n6:yymmd0|PACK DATE|+01,02,03,8006,8026
15 n6:yymmd0|BEST BEFORE|+01,02,03,8006,8026
16 n6:yymmd0|SELL BY|+01,02,03,8006,8026
17 n6:yymmd0|EXPIRY|+01,02,03,255,8006,8026
20 n2|VARIANT|+01,02,03,8006,8026
21 x..20|SERIAL|+01,03,8006|-235
22 x..20|CPV|+01
235 x..28|TPX|+01
240 x..30|ADDITIONAL ID|+01,02,8006,8026
241 x..30|CUST. PART No.|+01,02,8006,8026
242 n..6|MTO VARIANT|+01,02,03,8006,8026
243 x..20|PCN|+01
250 x..30|SECONDARY SERIAL|+01,8006|+21
251 x..30|REF. TO SOURCE|+01,8006
253 n13:check:company x..17?|GDTI
254 x..20|GLN EXTENSION|+414
255 n13:check:company n..12?|GCN|-01,02,415,8006,8020,8026
30 n..8|VAR. COUNT|+01,02
310 n6|NET WEIGHT (kg)|+01,02|-310n
311 n6|LENGTH (m)|+01,02|-311n
312 n6|WIDTH (m)|+01,02|-312n
313 n6|HEIGHT (m)|+01,02|-313n
314 n6|AREA (m²)|+01,02|-314n
315 n6|NET VOLUME (l)|+01,02|-315n
316 n6|NET VOLUME (m³)|+01,02|-316n
320 n6|NET WEIGHT (lb)|+01,02|-320n
321 n6|LENGTH (in)|+01,02|-321n
322 n6|LENGTH (ft)|+01,02|-322n
323 n6|LENGTH (yd)|+01,02|-323n
324 n6|WIDTH (in)|+01,02|-324n
325 n6|WIDTH (ft)|+01,02|-325n
326 n6|WIDTH (yd)|+01,02|-326n
327 n6|HEIGHT (in)|+01,02|-327n
328 n6|HEIGHT (ft)|+01,02|-328n
329 n6|HEIGHT (yd)|+01,02|-329n
330 n6|GROSS WEIGHT (kg)|+00,01|-330n
331 n6|LENGTH (m), log|+00,01|-331n
332 n6|WIDTH (m), log|+00,01|-332n
333 n6|HEIGHT (m), log|+00,01|-333n
334 n6|AREA (m²), log|+00,01|-334n
335 n6|VOLUME (l), log|+00,01|-335n
336 n6|VOLUME (m³), log|+00,01|-336n
337 n6|KG PER m²|+01|-337n
340 n6|GROSS WEIGHT (lb)|+00,01|-340n
341 n6|LENGTH (in), log|+00,01|-341n
342 n6|LENGTH (ft), log|+00,01|-342n
343 n6|LENGTH (yd), log|+00,01|-343n
344 n6|WIDTH (in), log|+00,01|-344n
345 n6|WIDTH (ft), log|+00,01|-345n
346 n6|WIDTH (yd), log|+00,01|-346n
347 n6|HEIGHT (in), log|+00,01|-347n
348 n6|HEIGHT (ft), log|+00,01|-348n
349 n6|HEIGHT (yd), log|+00,01|-349n
350 n6|AREA (in²)|+01,02|-350n
351 n6|AREA (ft²)|+01,02|-351n
352 n6|AREA (yd²)|+01,02|-352n
353 n6|AREA (in²), log|+00,01|-353n
354 n6|AREA (ft²), log|+00,01|-354n
355 n6|AREA (yd²), log|+00,01|-355n
356 n6|NET WEIGHT (troy oz)|+01,02|-356n
357 n6|NET VOLUME (oz)|+01,02|-357n
360 n6|NET VOLUME (qt)|+01,02|-360n
361 n6|NET VOLUME (gal)|+01,02|-361n
362 n6|VOLUME (qt), log|+00,01|-362n
363 n6|VOLUME (gal), log|+00,01|-363n
364 n6|VOLUME (in³)|+01,02|-364n
365 n6|VOLUME (ft³)|+01,02|-365n
366 n6|VOLUME (yd³)|+01,02|-366n
367 n6|VOLUME (in³), log|+00,01|-367n
368 n6|VOLUME (ft³), log|+00,01|-368n
369 n6|VOLUME (yd³), log|+00,01|-369n
37 n..8|COUNT|+00|+02,8026
3900-3909 n..15|AMOUNT|+255,8020|-390n,391n,394n,8111
3910-3919 n3:iso4217 n..15|AMOUNT|+8020|-391n
3920-3929 n..15|PRICE|+01|+30,31nn,32nn,35nn,36nn|-392n,393n
3930-3939 n3:iso4217 n..15|PRICE|+30,31nn,32nn,35nn,36nn|-393n
3940-3943 n4|PRCNT OFF|+255|-394n,8111
3950-3955 n6|PRICE/UoM|+30,31nn,32nn,35nn,36nn|-392n,393n,395n,8005
400 x..30|ORDER NUMBER
401 x..30:company|GINC
402 n17:check:company|GSIN
403 x..30|ROUTE|+00
410 n13:check:company|SHIP TO LOC
411 n13:check:company|BILL TO
412 n13:check:company|PURCHASE FROM
413 n13:check:company|SHIP FOR LOC
414 n13:check:company|LOC No.
415 n13:check:company|PAY TO|+8020
416 n13:check:company|PROD/SERV LOC
417 n13:check:company|PARTY
420 x..20|SHIP TO POST|-421
421 n3:iso3166 x..9|SHIP TO POST|-4307
422 n3:iso3166|ORIGIN|+01,02,8006,8026|-426
423 n..15:iso3166list|COUNTRY - INITIAL PROCESS|+01,02|-426
424 n3:iso3166|COUNTRY - PROCESS|+01,02|-426
425 n..15:iso3166list|COUNTRY - DISASSEMBLY|+01,02|-426
426 n3:iso3166|COUNTRY - FULL PROCESS|+01,02
427 x..3|ORIGIN SUBDIVISION|+01,02|+422
4300 x..35:pcenc|SHIP TO COMP|+00
4301 x..35:pcenc|SHIP TO NAME|+00
4302 x..70:pcenc|SHIP TO ADD1|+00
4303 x..70:pcenc|SHIP TO ADD2|+4302
4304 x..70:pcenc|SHIP TO SUB|+00
4305 x..70:pcenc|SHIP TO LOC|+00
4306 x..70:pcenc|SHIP TO REG|+00
4307 x2:iso3166alpha2|SHIP TO COUNTRY|+00
4308 x..30|SHIP TO PHONE|+00
4309 n10:latitude n10:longitude|SHIP TO GEO|+00
4310 x..35:pcenc|RTN TO COMP|+00
4311 x..35:pcenc|RTN TO NAME|+00
4312 x..70:pcenc|RTN TO ADD1|+00
4313 x..70:pcenc|RTN TO ADD2|+4312
4314 x..70:pcenc|RTN TO SUB|+00
4315 x..70:pcenc|RTN TO LOC|+00
4316 x..70:pcenc|RTN TO REG|+00
4317 x2:iso3166alpha2|RTN TO COUNTRY|+00
4318 x..20|RTN TO POST|+00
4319 x..30|RTN TO PHONE|+00
4320 x..35:pcenc|SRV DESCRIPTION|+00
4321 n1:yesno|DANGEROUS GOODS|+00
4322 n1:yesno|AUTH TO LEAVE|+00
4323 n1:yesno|SIG REQUIRED|+00
4324 n6:yymmd0 n4:hhmi|NOT BEF DEL DT|+00
4325 n6:yymmd0 n4:hhmi|NOT AFT DEL DT|+00
4326 n6:yymmdd|REL DATE|+00
4330 n6 x1?:hyphen|MAX TEMP F|+00|-4331
4331 n6 x1?:hyphen|MAX TEMP C|+00|-4330
4332 n6 x1?:hyphen|MIN TEMP F|+00|-4333
4333 n6 x1?:hyphen|MIN TEMP C|+00|-4332
7001 n13|NSN|+01,02,8006,8026
7002 x..30|MEAT CUT|+01,02
7003 n6:yymmdd n4:hhmi|EXPIRY TIME|+01,02
7004 n..4|ACTIVE POTENCY|+01|+10
7005 x..12|CATCH AREA|+01,02
7006 n6:yymmdd|FIRST FREEZE DATE|+01,02
7007 n6:yymmdd n6?:yymmdd|HARVEST DATE|+01,02
7008 x..3|AQUATIC SPECIES|+01,02
7009 x..10|FISHING GEAR TYPE|+01,02
7010 x..2|PROD METHOD|+01,02
7011 n6:yymmdd n4?:hhmi|TEST BY DATE|+01,02
7020 x..20|REFURB LOT|+01,8006|+416
7021 x..20|FUNC STAT|+01,8006
7022 x..20|REV STAT|+7021
7023 x..30:company|GIAI - ASSEMBLY
7030-7039 n3:iso3166999 x..27|PROCESSOR|+01,02
7040 n1 x1 x1 x1:importeridx|UIC+EXT
7041 x..4:packagetype|UFRGT UNIT TYPE|+00
710 x..20|NHRN PZN|+01
711 x..20|NHRN CIP|+01
712 x..20|NHRN CN|+01
713 x..20|NHRN DRN|+01
714 x..20|NHRN AIM|+01
715 x..20|NHRN NDC|+01
716 x..20|NHRN AIC|+01
7230-7239 x2 x..28|CERT|+01,8004
7240 x..20|PROTOCOL|+01,8006
7241 n2:mediatype|AIDC MEDIA TYPE|+8017,8018
7242 x..25|VCN|+8017,8018
7250 n8:yyyymmdd|DOB|+8018|-7251
7251 n8:yyyymmdd n4:hhmi|DOB TIME|+8018|-7250
7252 n1:iso5218|BIO SEX|+8018
7253 x..40:pcenc|FAMILY NAME|+8017,8018|-7256,7259
7254 x..40:pcenc|GIVEN NAME|+8017,8018|-7256,7259
7255 x..10:pcenc|SUFFIX|+8017,8018|-7256,7259
7256 x..90:pcenc|FULL NAME|+8017,8018|-7253,7259
7257 x..70:pcenc|PERSON ADDR|+8018
7258 x3:posinseqslash|BIRTH SEQUENCE|+8018,7259
7259 x..40:pcenc|BABY|+8017
8001 n4:nonzero n5:nonzero n3:nonzero n1:winding n1|DIMENSIONS|+01
8002 x..20|CMT No.
8003 n1:zero n13:check:company x..16?|GRAI
8004 x..30:company|GIAI
8005 n6|PRICE PER UNIT|+01,02
8006 n14:check n4:pieceoftotal|ITIP|-01,37
8007 x..34:iban|IBAN|+415
8008 n6:yymmdd n2:hh n2?:mi n2?:ss|PROD TIME|+01,02
8009 x..50|OPTSEN|+00,01
8010 y..30:company|CPID
8011 n..12:nozeroprefix|CPID SERIAL|+8010
8012 x..20|VERSION|+01,8006
8013 x..25:checkpair:company|GMN
8014 x..25:checkpair:company|MUDI
8017 n18:check:company|GSRN - PROVIDER|-8018
8018 n18:check:company|GSRN - RECIPIENT|-8017
8019 n..10|SRIN|+8017,8018
8020 x..25|REF No.|+415
8026 n14:check n4:pieceoftotal|ITIP CONTENT|+37|-02,8006
8030 z..90|DIGSIG|+00,01+21,253,255,8003,8004,8006+21,8010+8011,8017,8018
8110 x..70:couponcode|COUPON
8111 n4|POINTS|+255
8112 x..70:couponposoffer|COUPON
8200 x..70|PRODUCT URL|+01
90 x..30|INTERNAL
91-99 x..90|INTERNAL
`

// predefined are the first two digits after which the length is known and no
// separator follows, with the length of the whole element.
var predefined = map[string]int{
	"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8, "16": 8,
	"17": 8, "18": 8, "19": 8, "20": 4, "31": 10, "32": 10, "33": 10, "34": 10, "35": 10, "36": 10, "41": 16,
}

var table = sync.OnceValue(readIdentifiers)

func lookUp(ai string) (format, bool) {
	f, ok := table()[ai]
	return f, ok
}

func readIdentifiers() map[string]format {
	all := make(map[string]format, 600)
	for line := range strings.Lines(strings.TrimSpace(identifiers)) {
		head, rest, _ := strings.Cut(strings.TrimSpace(line), "|")
		fields := strings.Fields(head)
		f := format{parts: readParts(fields[1:])}
		for i, piece := range strings.Split(rest, "|") {
			switch {
			case i == 0:
				f.title = piece
			case piece[0] == '+':
				f.needs = append(f.needs, strings.Split(piece[1:], ","))
			case piece[0] == '-':
				f.excludes = strings.Split(piece[1:], ",")
			}
		}
		for _, ai := range expand(fields[0]) {
			f.ai = ai
			_, f.fixed = predefined[ai[:2]]
			all[ai] = f
		}
	}
	return all
}

// expand makes single identifiers of a range; measures (310 … 369) have a fourth
// digit, the number of decimals, from 0 to 5.
func expand(ai string) []string {
	if len(ai) == 3 && ai[0] == '3' && ai[1] <= '6' {
		ai += "0-" + ai + "5"
	}
	from, to, ranged := strings.Cut(ai, "-")
	if !ranged {
		return []string{ai}
	}
	first, _ := strconv.Atoi(from)
	last, _ := strconv.Atoi(to)
	var out []string
	for n := first; n <= last; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

func readParts(fields []string) []part {
	var parts []part
	for _, field := range fields {
		pieces := strings.Split(field, ":")
		size, optional := strings.CutSuffix(pieces[0], "?")
		p := part{class: size[0], optional: optional, rules: pieces[1:]}
		if most, upTo := strings.CutPrefix(size[1:], ".."); upTo {
			p.least = 1
			p.most, _ = strconv.Atoi(most)
		} else {
			p.most, _ = strconv.Atoi(size[1:])
			p.least = p.most
		}
		parts = append(parts, p)
	}
	return parts
}

// longest is the greatest length of a value.
func (f format) longest() int {
	sum := 0
	for _, p := range f.parts {
		sum += p.most
	}
	return sum
}

// matches says whether an identifier fits a pattern such as "31nn".
func matches(pattern, ai string) bool {
	if len(pattern) != len(ai) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != 'n' && pattern[i] != ai[i] {
			return false
		}
	}
	return true
}
