-- What the provider's analysis was asked for, and what its meters say.
ALTER TABLE public.call_contents
    ADD COLUMN analysis jsonb,
    ADD COLUMN latency jsonb,
    ADD COLUMN tokens jsonb,
    ADD CONSTRAINT call_contents_analysis_valid CHECK (jsonb_typeof(analysis) = 'object'
        AND octet_length(analysis::text) <= 65536),
    ADD CONSTRAINT call_contents_latency_valid CHECK (jsonb_typeof(latency) = 'array'),
    ADD CONSTRAINT call_contents_tokens_valid CHECK (jsonb_typeof(tokens) = 'object');
COMMENT ON COLUMN public.call_contents.analysis IS 'Answers that the company had the provider extract from the conversation: personal.';
