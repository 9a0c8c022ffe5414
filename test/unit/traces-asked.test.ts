import {describe, expect, it} from 'vitest'

import {tracesAsked} from '../../src/lib/tracing/asked.js'

const ON = {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example.com:4318'}

describe('whether traces are wanted', () => {
  it.each([
    [{}],
    [{OTEL_EXPORTER_OTLP_ENDPOINT: ' '}],
    [{OTEL_SERVICE_NAME: 'mfa', OTEL_TRACES_SAMPLER: 'always_on'}],
    [{...ON, OTEL_SDK_DISABLED: 'True'}],
    [{...ON, OTEL_TRACES_EXPORTER: 'none'}],
    [{...ON, OTEL_TRACES_EXPORTER: 'zipkin'}],
  ])('not with %j', (env) => {
    expect(tracesAsked(env)).toEqual({on: false})
  })

  it.each([
    [ON, 1],
    [{...ON, OTEL_SDK_DISABLED: 'false', OTEL_TRACES_EXPORTER: 'console, otlp'}, 1],
    [{...ON, OTEL_TRACES_SAMPLER: 'always_off'}, 0],
    [{...ON, OTEL_TRACES_SAMPLER: 'parentbased_always_on'}, 1],
    [{...ON, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25'}, 0.25],
    [{...ON, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0'}, 0],
    [{...ON, OTEL_TRACES_SAMPLER: 'traceidratio'}, 1],
    [{...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf'}, 1],
  ])('a share of them with %j: %f', (env, share) => {
    expect(tracesAsked(env)).toEqual({on: true, host: 'collector.example.com:4318', share})
  })

  it('sends to the address for traces before the one for everything', () => {
    const env = {...ON, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/in'}
    expect(tracesAsked(env)).toMatchObject({on: true, host: 'traces.example.com'})
  })

  it.each([
    [
      {OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318'},
      false,
      'OTEL_EXPORTER_OTLP_ENDPOINT is no http or https address',
    ],
    [
      {...ON, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'here'},
      false,
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no http',
    ],
    [{...ON, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc'}, true, 'as http/json, not as grpc'],
    [{...ON, OTEL_TRACES_SAMPLER: 'jaeger_remote'}, true, 'OTEL_TRACES_SAMPLER is not known (jaeger_remote)'],
    [
      {...ON, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '25%'},
      true,
      'OTEL_TRACES_SAMPLER_ARG',
    ],
  ])('says what is wrong with %j and goes on', (env, on, why) => {
    expect(tracesAsked(env)).toMatchObject({on, why: expect.stringContaining(why)})
  })
})
