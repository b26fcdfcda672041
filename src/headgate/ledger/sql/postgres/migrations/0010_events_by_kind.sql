-- Whoever serves asks for actions every two seconds: few, among as many ratings as there are answers.
CREATE INDEX events_kind ON headgate.events (kind, at_us);
