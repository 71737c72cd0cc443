# syntax=docker/dockerfile:1
# One image for all roles; the command selects one, for example --role=worker.
# deploy/try-image builds it and tries it.

FROM maven:3.9-eclipse-temurin-25-noble AS build
WORKDIR /src
# Further options of Maven, such as --offline or a settings file.
ARG MAVEN_OPTIONS=""
COPY pom.xml ./
COPY .mvn .mvn
COPY src/launcher src/launcher
COPY src/main src/main
RUN mvn -B -ntp $MAVEN_OPTIONS -Dmaven.test.skip -Dspotless.check.skip \
    -Dcompiler.analysis=-g package \
    org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
    -DincludeScope=test -DoutputDirectory=target/libraries \
  && mv target/perpetua-flow-*.jar target/perpetua-flow.jar
COPY src/dev/java src/dev/java
RUN find src/dev/java -name '*.java' >target/sources \
  && javac -proc:none -nowarn -d target/trial -cp 'target/classes:target/libraries/*' @target/sources

FROM eclipse-temurin:25-jre-noble AS base
RUN groupadd --system --gid 10001 flow \
  && useradd --system --uid 10001 --gid flow --no-create-home --home-dir /nonexistent flow \
  && mkdir /app
WORKDIR /app
COPY deploy/perpetua-flow /usr/local/bin/
COPY deploy/java.options ./
COPY --from=build /src/target/perpetua-flow.jar ./

# Records the AOT cache (JEP 514, 515) with requests to the service on a new database, with the JVM
# and the options of the final image, because the cache is used by no others.
FROM base AS trial
COPY --from=build /src/target/libraries /trial/libraries
COPY --from=build /src/target/trial /trial/classes
RUN mkdir /trial/cache && chown flow /trial/cache
USER 10001:10001
RUN java -cp '/trial/classes:/app/perpetua-flow.jar:/trial/libraries/*' app.perpetua.flow.image.ImageTrial train \
    java @/app/java.options -Xmx256m -XX:AOTCacheOutput=/trial/cache/perpetua-flow.aot \
    -jar /app/perpetua-flow.jar --role=all

FROM base AS final
LABEL org.opencontainers.image.title="Perpetua Flow" \
  org.opencontainers.image.description="The backend of a personal task manager"
COPY --from=trial /trial/cache/ ./
USER 10001:10001
ENV PORT=8000 MALLOC_ARENA_MAX=2
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 \
  CMD ["perpetua-flow", "--live"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["perpetua-flow"]
CMD ["--role=all"]
