import type { components, paths } from './schema.js';
export type Schemas = components['schemas'];
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** The paths of the contract that have a method. */
export type PathOf<M extends Method> = {
    [P in keyof paths]: paths[P] extends {
        [K in Lowercase<M>]: {
            responses: unknown;
        };
    } ? P : never;
}[keyof paths];
export type OperationOf<M extends Method, P extends keyof paths> = paths[P] extends {
    [K in Lowercase<M>]: infer O;
} ? O : never;
/** The JSON of an operation's successful answer; undefined if it has none. */
export type AnswerOf<O> = O extends {
    responses: {
        200: {
            content: {
                'application/json': infer J;
            };
        };
    };
} ? J : O extends {
    responses: {
        201: {
            content: {
                'application/json': infer J;
            };
        };
    };
} ? J : O extends {
    responses: {
        202: {
            content: {
                'application/json': infer J;
            };
        };
    };
} ? J : undefined;
type PathPart<O> = O extends {
    parameters: {
        path: infer V;
    };
} ? {
    path: V;
} : {
    path?: undefined;
};
type QueryPart<O> = O extends {
    parameters: {
        query?: infer V;
    };
} ? {
    query?: V;
} : {
    query?: undefined;
};
type BodyPart<O> = O extends {
    requestBody: {
        content: {
            'application/json': infer B;
        };
    };
} ? {
    body: B;
} : O extends {
    requestBody: {
        content: {
            'application/octet-stream': unknown;
        };
    };
} ? {
    body: Blob;
} : O extends {
    requestBody?: {
        content: {
            'application/json': infer B;
        };
    };
} ? {
    body?: B;
} : {
    body?: undefined;
};
type HeaderPart<O> = O extends {
    parameters: {
        header?: infer V;
    };
} ? {
    headers?: Omit<Partial<NonNullable<V>>, 'Idempotency-Key'>;
} : {
    headers?: undefined;
};
/** What a request has besides method and path, as the contract has it, and how it is sent. */
export type OptionsOf<O> = PathPart<O> & QueryPart<O> & BodyPart<O> & HeaderPart<O> & Sending;
/** Optional where nothing of it is required. */
export type Arguments<O> = {} extends OptionsOf<O> ? [options?: OptionsOf<O>] : [options: OptionsOf<O>];
/** How a request is sent. */
export interface Sending {
    /** The idempotency key of a write, or the intent that has it; by default, each call has a new one. */
    key?: string | Intended | undefined;
    signal?: AbortSignal | undefined;
    /** How often the request is sent at most while there is no answer; by default as often as others of the client. */
    attempts?: number | undefined;
    /** Called by `request` with the successful answer, for its headers. */
    onResponse?: ((response: Response) => void) | undefined;
}
/** What has the idempotency key of a request. */
export interface Intended {
    keyFor(request: string): string;
    done(): void;
}
/** A request without the types of its operation. */
export interface AnyOptions extends Sending {
    path?: object | undefined;
    query?: object | undefined;
    body?: unknown;
    headers?: object | undefined;
}
export {};
