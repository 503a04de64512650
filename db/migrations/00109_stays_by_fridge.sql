-- +goose Up
-- Which probes a fridge has had: its chart and its reports ask for those that have moved on, too.
CREATE INDEX sensor_stays_by_fridge ON sensor_stays (fridge, sensor);
