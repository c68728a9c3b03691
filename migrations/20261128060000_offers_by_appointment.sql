-- Which offer an appointment came of: asked when an outside calendar has not taken it.
CREATE INDEX wish_offers_booked ON public.wish_offers (tenant_id, appointment_id) WHERE appointment_id IS NOT NULL;
