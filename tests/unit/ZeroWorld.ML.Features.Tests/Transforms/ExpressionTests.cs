namespace ZeroWorld.ML.Features.Tests;

public sealed class ExpressionTests
{
    private static readonly LastValueView Profile = TestViews.LastValue(
        null,
        TestViews.Feature("limit", FeatureType.Float64),
        TestViews.Feature("country", FeatureType.String),
        TestViews.Feature("visits", FeatureType.Int64),
        TestViews.Feature("rate", FeatureType.Float32),
        TestViews.Feature("opened", FeatureType.Timestamp),
        TestViews.Feature("nothing", FeatureType.Float64),
        TestViews.Feature("blob", FeatureType.Bytes));

    private static readonly RequestValue[] Request =
    [
        new("amount", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64)),
        new("items", FeatureType.Int64, FeatureValue.Null(FeatureType.Int64)),
        new("is_online", FeatureType.Bool, FeatureValue.Null(FeatureType.Bool)),
        new("unknown", FeatureType.Bool, FeatureValue.Null(FeatureType.Bool)),
        new("missing", FeatureType.Int64, FeatureValue.Null(FeatureType.Int64)),
    ];

    [Theory]
    // Literals and precedence.
    [InlineData("int64", "1 + 2 * 3", "7")]
    [InlineData("int64", "(1 + 2) * 3", "9")]
    [InlineData("int64", "10 - 4 - 3", "3")]
    [InlineData("int64", "-2 - -3", "1")]
    [InlineData("int64", "- - 5", "5")]
    [InlineData("int64", "-(2 + 3)", "-5")]
    [InlineData("bool", "1 + 1 = 2 and not 2 > 3 or false", "true")]
    [InlineData("bool", "true or true and false", "true")]
    [InlineData("bool", "not true or true", "true")]
    [InlineData("float64", "1.5e3 + .25e0 * 0", "error")]
    [InlineData("float64", "1.5e3 + 2", "1502")]
    [InlineData("float64", "1e-3", "0.001")]
    [InlineData("string", "'it''s'", "it's")]
    [InlineData("string", "\"a\"\"b\"", "a\"b")]
    // Integers: exact to the ends, NULL beyond.
    [InlineData("int64", "9223372036854775807", "9223372036854775807")]
    [InlineData("int64", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("int64", "9223372036854775807 + 1", "null")]
    [InlineData("int64", "-9223372036854775808 - 1", "null")]
    [InlineData("int64", "4611686018427387904 * 2", "null")]
    [InlineData("int64", "4611686018427387904 * -2", "-9223372036854775808")]
    [InlineData("int64", "-9223372036854775808 / -1", "null")]
    [InlineData("int64", "-9223372036854775808 % -1", "0")]
    [InlineData("int64", "-(-9223372036854775808)", "null")]
    [InlineData("int64", "abs(-9223372036854775808)", "null")]
    [InlineData("int64", "abs(-5)", "5")]
    [InlineData("int64", "7 / 2", "3")]
    [InlineData("int64", "-7 / 2", "-3")]
    [InlineData("int64", "-7 % 3", "-1")]
    [InlineData("int64", "7 / 0", "null")]
    [InlineData("int64", "7 % 0", "null")]
    [InlineData("int64", "7 / (items - 3)", "null")]
    // Texts: places and lengths in code points.
    [InlineData("string", "lower('ÄB')", "äb")]
    [InlineData("string", "upper(substring('a😀bc', 2, 2))", "😀B")]
    [InlineData("string", "substring('abc', 0, 2)", "a")]
    [InlineData("string", "substring('abc', 3, 9)", "c")]
    [InlineData("string", "substring('abc', 4, 1)", "")]
    [InlineData("string", "substring('abc', 1, 0)", "")]
    [InlineData("int64", "length('a😀')", "2")]
    [InlineData("string", "concat('a', 'b', 'c')", "abc")]
    [InlineData("string", "concat('a', string(missing))", "null")]
    [InlineData("string", "replace('aXbX', 'X', '--')", "a--b--")]
    [InlineData("string", "replace('a', '', 'b')", "a")]
    [InlineData("bool", "contains('abc', 'bc') and starts_with('abc', '') and not ends_with('abc', 'b')", "true")]
    [InlineData("string", "trim(' a ')", "a")]
    [InlineData("string", "concat('a')", "error")]
    // Hashes are part of every model that uses them: these values may not change.
    [InlineData("int64", "hash('')", "8056974233673738534")]
    [InlineData("int64", "hash(0)", "8922497616986557598")]
    [InlineData("int64", "hash_bucket('abc', 0)", "null")]
    // Buckets, clips, vectors.
    [InlineData("int64", "bucket(5, 1, 5, 10)", "2")]
    [InlineData("int64", "bucket(0.5, 1, 5, 10)", "0")]
    [InlineData("int64", "bucket(99, 1, 5, 10)", "3")]
    [InlineData("int64", "bucket(1, 5, 5)", "error")]
    [InlineData("int64", "bucket(1, items)", "error")]
    [InlineData("int64", "clip(7, 0, 5)", "5")]
    [InlineData("float64", "clip(-0.5, 0.0, 5.0)", "0")]
    [InlineData("float64", "dot(vector(1, 2), vector(3, 4))", "11")]
    [InlineData("float64", "dot(vector(1, 2), vector(3))", "null")]
    [InlineData("float64", "norm(vector(3, 4))", "5")]
    [InlineData("float64", "element(vector(3, 4), 2)", "4")]
    [InlineData("float64", "element(vector(3, 4), 3)", "null")]
    [InlineData("float64", "cosine(vector(0, 0), vector(3, 4))", "null")]
    [InlineData("float64", "norm(vector(3, missing))", "null")]
    // Floats: IEEE 754.
    [InlineData("float64", "7 / 2.0", "3.5")]
    [InlineData("float64", "1.0 / 0", "Infinity")]
    [InlineData("float64", "0.0 / 0", "NaN")]
    [InlineData("float64", "5.5 % 2", "1.5")]
    [InlineData("float64", "1e308 * 10", "Infinity")]
    [InlineData("bool", "0.0 / 0 = 0.0 / 0", "false")]
    [InlineData("bool", "0.0 / 0 != 0.0 / 0", "true")]
    [InlineData("float64", "log(0)", "-Infinity")]
    [InlineData("float64", "log(-1)", "NaN")]
    [InlineData("float64", "sqrt(-1)", "NaN")]
    [InlineData("float64", "sqrt(16)", "4")]
    [InlineData("float64", "exp(0)", "1")]
    [InlineData("float64", "floor(-1.5)", "-2")]
    [InlineData("float64", "ceil(-1.5)", "-1")]
    [InlineData("float64", "round(2.5)", "3")]
    [InlineData("float64", "round(-2.5)", "-3")]
    [InlineData("float64", "floor(3)", "3")]
    [InlineData("float64", "min(1, 2.5, -3)", "-3")]
    [InlineData("int64", "max(1, 5, 3)", "5")]
    [InlineData("float64", "max(1.0, 0.0 / 0)", "NaN")]
    [InlineData("int64", "int64(-2.9)", "-2")]
    [InlineData("int64", "int64(9.3e18)", "null")]
    [InlineData("int64", "int64(-9223372036854775808.0)", "-9223372036854775808")]
    [InlineData("int64", "int64(0.0 / 0)", "null")]
    [InlineData("int64", "int64(is_online)", "1")]
    [InlineData("float64", "float64(false)", "0")]
    // Nulls.
    [InlineData("int64", "missing + 1", "null")]
    [InlineData("bool", "missing = missing", "null")]
    [InlineData("bool", "not unknown", "null")]
    [InlineData("bool", "unknown and false", "false")]
    [InlineData("bool", "false and unknown", "false")]
    [InlineData("bool", "unknown and true", "null")]
    [InlineData("bool", "true and unknown", "null")]
    [InlineData("bool", "unknown or true", "true")]
    [InlineData("bool", "true or unknown", "true")]
    [InlineData("bool", "unknown or false", "null")]
    [InlineData("bool", "false or unknown", "null")]
    [InlineData("bool", "unknown and unknown", "null")]
    [InlineData("bool", "is_null(unknown or false)", "true")]
    [InlineData("bool", "is_null(nothing)", "true")]
    [InlineData("bool", "is_null(amount)", "false")]
    [InlineData("int64", "coalesce(missing, 4)", "4")]
    [InlineData("int64", "coalesce(missing, missing, 9)", "9")]
    [InlineData("float64", "coalesce(missing, 4.5)", "4.5")]
    [InlineData("float64", "coalesce(missing, nothing)", "null")]
    [InlineData("int64", "if(unknown, 1, 2)", "null")]
    [InlineData("int64", "if(is_online, 1, 1 / 0)", "1")]
    [InlineData("int64", "if(not is_online, 1, missing)", "null")]
    [InlineData("float64", "if(is_online, 1, 2.5)", "1")]
    // Names: request values, features, time.
    [InlineData("float64", "amount * items", "37.5")]
    [InlineData("float64", "amount / limit", "0.125")]
    [InlineData("float64", "rate * 2", "0.5")]
    [InlineData("bool", "country = 'CH'", "true")]
    [InlineData("bool", "country < 'a' and country >= 'CG'", "true")]
    [InlineData("bool", "country == \"ch\"", "false")]
    [InlineData("bool", "items <> 3", "false")]
    [InlineData("bool", "is_online = true", "true")]
    [InlineData("bool", "2 < 2.5", "true")]
    [InlineData("int64", "(time - opened) / 1000000", "86400")]
    [InlineData("timestamp", "opened + 86400000000", "2018-08-05T06:30:15.000001Z")]
    [InlineData("bool", "opened < time", "true")]
    [InlineData("timestamp", "max(opened, time)", "2018-08-05T06:30:15.000001Z")]
    [InlineData("float32", "amount", "12.5")]
    [InlineData("float32", "items", "3")]
    [InlineData("float64", "items", "3")]
    // q is Sunday, 5 August 2018, 06:30:15.000001.
    [InlineData("int64", "hour(time)", "6")]
    [InlineData("int64", "minute(time)", "30")]
    [InlineData("int64", "weekday(time)", "7")]
    [InlineData("int64", "day(time)", "5")]
    [InlineData("int64", "month(time)", "8")]
    [InlineData("int64", "year(time)", "2018")]
    [InlineData("int64", "visits", "null")]
    public void Evaluate_Expression_GivesTheValue(string type, string expression, string expected)
    {
        Assert.True(FeatureTypeNames.TryParse(type, out var declared));
        if (expected == "error")
        {
            Assert.Throws<FeatureException>(() => Evaluate(declared, expression));
            return;
        }

        var value = Evaluate(declared, expression);

        Assert.Equal(declared, value.Type);
        Assert.Equal(expected, value.ToString());
    }

    [Theory]
    [InlineData("bool", "hour(tme) <= 6", 6, "there is no value 'tme'; expected one of: amount, country, is_online, items, limit, missing, nothing, opened, rate, time, unknown, visits")]
    [InlineData("bool", "hours(time) <= 6", 1, "there is no function 'hours'; expected one of: abs, bucket, ceil, clip, coalesce, concat, contains, cosine, day, day_of_year, dot, element, ends_with, epoch_seconds, exp, float64, floor, hash, hash_bucket, hour, if, int64, is_nan, is_null, length, log, lower, max, min, minute, month, norm, pow, replace, round, second, size, sqrt, starts_with, string, substring, text_ids, text_weights, trim, upper, vector, weekday, year")]
    [InlineData("int64_list", "text_ids('a', country)", 15, "the settings of 'text_ids' are computed; expected a text in quotes")]
    [InlineData("int64_list", "text_ids('a', 'bits=14')", 15, "text featurizer: 'bits=14' is of another form or version; expected text_ngrams@1(NAME=VALUE,...)")]
    [InlineData("float64_list", "text_weights('a', 'text_ngrams@1(bits=30)')", 19, "text featurizer, bits: 30 is out of range; expected 8 to 24")]
    [InlineData("bool", "blob = 'x'", 1, "'blob' holds bytes, which expressions cannot read; expected one of: amount")]
    [InlineData("int64", "", 1, "the end of the expression does not belong here; expected a value")]
    [InlineData("int64", "1 +", 4, "the end of the expression does not belong here; expected a value")]
    [InlineData("int64", "1 2", 3, "'2' does not belong here; expected an operator or the end of the expression")]
    [InlineData("int64", "(1 + 2", 7, "the end of the expression does not belong here; expected ')'")]
    [InlineData("int64", "1 + 2)", 6, "')' does not belong here; expected an operator or the end")]
    [InlineData("bool", "1 < 2 < 3", 7, "'<' follows another comparison; expected 'and', 'or' or parentheses")]
    [InlineData("int64", "1 + 'a'", 3, "'+' has (int64, string); expected (int64, int64) or (float64, float64) or (timestamp, int64)")]
    [InlineData("int64", "1 + true", 3, "'+' has (int64, bool)")]
    [InlineData("bool", "1 and true", 3, "'and' has (int64, bool); expected (bool, bool)")]
    [InlineData("bool", "not 1", 1, "'not' has (int64); expected (bool)")]
    [InlineData("int64", "-'a'", 1, "'-' has (string); expected (int64) or (float64)")]
    [InlineData("int64", "if(1, 2, 3)", 4, "the condition of 'if' is int64; expected bool")]
    [InlineData("int64", "if(true, 2, 'a')", 13, "'if' chooses between int64 and string; expected values of one type")]
    [InlineData("int64", "if(true, 2)", 1, "'if' has 2 arguments; expected 3")]
    [InlineData("int64", "hour()", 1, "'hour' has 0 arguments; expected 1")]
    [InlineData("int64", "hour(3)", 6, "'hour' has (int64); expected (timestamp)")]
    [InlineData("int64", "min(3)", 1, "'min' has 1 argument; expected at least 2")]
    [InlineData("int64", "coalesce(1, 'a')", 13, "'coalesce' chooses between int64 and string")]
    [InlineData("int64", "1.5", 1, "the expression gives float64; expected int64, the declared type")]
    [InlineData("bool", "items", 1, "the expression gives int64; expected bool, the declared type")]
    [InlineData("int64", "9223372036854775808", 1, "9223372036854775808 is too great for an int64; expected at most 9223372036854775807")]
    [InlineData("int64", "99999999999999999999999", 1, "is too great for an int64")]
    [InlineData("float64", "1e999", 1, "1e999 is too great for a float64")]
    [InlineData("float64", "1e+", 2, "'1e+' has no exponent; expected digits")]
    [InlineData("float64", "1.2.3", 4, "'1.2.' is no number")]
    [InlineData("int64", "12ab", 3, "'12a' is no number")]
    [InlineData("string", "'abc", 1, "the string that begins here has no end; expected '")]
    [InlineData("int64", "1 # 2", 3, "'#' is no part of an expression")]
    [InlineData("int64", "1 \u0001 2", 3, "'U+0001' is no part of an expression")]
    [InlineData("bool", "and true", 1, "'and' does not belong here; expected a value")]
    [InlineData("int64", "later + 1", 1, "there is no value 'later'")]
    public void Compile_BadExpression_NamesTransformPositionAndWhatWasExpected(string type, string expression, int column, string message)
    {
        Assert.True(FeatureTypeNames.TryParse(type, out var declared));

        var exception = Assert.Throws<FeatureException>(() => Evaluate(declared, expression));

        Assert.Equal(FeatureError.InvalidDefinition, exception.Error);
        Assert.StartsWith($"Transform 'result' of feature service 'service', column {column} of its expression: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('(')]
    [InlineData('-')]
    [InlineData('n')]
    public void Compile_DeepNesting_IsRefused(char opening)
    {
        var text = opening switch
        {
            'n' => string.Concat(Enumerable.Repeat("not ", 500)) + "true",
            '-' => new string('-', 2_000) + "1",
            _ => new string('(', 1_000) + "1" + new string(')', 1_000),
        };

        var exception = Assert.Throws<FeatureException>(() => Evaluate(FeatureType.Int64, text));

        Assert.Contains("expected at most 64 levels", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_TooLongOrTooManyOperators_IsRefused()
    {
        var many = Assert.Throws<FeatureException>(() => Evaluate(FeatureType.Int64, "1" + string.Concat(Enumerable.Repeat("+1", 600))));
        var longText = Assert.Throws<FeatureException>(() => Evaluate(FeatureType.Int64, new string(' ', 5_000)));

        Assert.Contains("expected at most 500", many.Message, StringComparison.Ordinal);
        Assert.Contains("expected at most 4096", longText.Message, StringComparison.Ordinal);
        Assert.Equal("401", Evaluate(FeatureType.Int64, "1" + string.Concat(Enumerable.Repeat("+1", 400))).ToString());
    }

    [Fact]
    public void RunTransforms_TransformsReadThoseAbove_ShownOrNot()
    {
        var service = TestViews.Service(
            Request,
            [
                new Transform("double_amount", FeatureType.Float64, "amount * 2"),
                new Transform("shown", FeatureType.Float32, "double_amount + 1"),
                new Transform("last", FeatureType.Float64, "shown * 10 + double_amount"),
            ]);
        service = service with { Columns = [.. service.Columns.Where(static column => column.Name != "double_amount")] };
        var plan = new FeatureServicePlan(service, static _ => false);
        var row = new FeatureCell[service.Columns.Count];

        plan.BuildRow(0, Values(), [], row);

        Assert.Equal(26f, row[5].Value.AsFloat32());
        Assert.Equal(285.0, row[6].Value.AsFloat64());
    }

    [Theory]
    [InlineData(0, 1970, 1, 1, 4)]
    [InlineData(-1, 1969, 12, 31, 3)]
    [InlineData(951_782_400_000_000, 2000, 2, 29, 2)]
    [InlineData(951_868_799_999_999, 2000, 2, 29, 2)]
    [InlineData(-2_203_977_600_000_000, 1900, 2, 28, 3)]
    [InlineData(-62_135_596_800_000_000, 1, 1, 1, 1)]
    [InlineData(253_402_300_799_999_999, 9999, 12, 31, 5)]
    public void TimeParts_KnownDays_AreThoseOfTheCalendar(long q, long year, long month, long day, long weekday)
    {
        Assert.Equal(
            [year, month, day, weekday],
            [CalendarTime.Year(q), CalendarTime.Month(q), CalendarTime.Day(q), CalendarTime.Weekday(q)]);
    }

    [Fact]
    public void TimeParts_RandomTimes_AgreeWithTheRuntime()
    {
        var random = new Random(5);
        for (var round = 0; round < 20_000; round++)
        {
            var q = random.NextInt64(-62_135_596_800_000_000, 253_402_300_799_999_999);
            var time = UnixMicroseconds.ToDateTimeOffset(q);
            Assert.Equal((time.Year, time.Month, time.Day), (CalendarTime.Year(q), CalendarTime.Month(q), CalendarTime.Day(q)));
            Assert.Equal((time.Hour, time.Minute, time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek), (CalendarTime.Hour(q), CalendarTime.Minute(q), CalendarTime.Weekday(q)));
        }

        foreach (var q in (long[])[long.MinValue, long.MinValue + 1, long.MaxValue])
        {
            Assert.InRange(CalendarTime.Hour(q), 0, 23);
            Assert.InRange(CalendarTime.Minute(q), 0, 59);
            Assert.InRange(CalendarTime.Weekday(q), 1, 7);
            Assert.InRange(CalendarTime.Month(q), 1, 12);
            Assert.InRange(CalendarTime.Day(q), 1, 31);
        }
    }

    private static FeatureValue[] Values() =>
    [
        FeatureValue.FromFloat64(12.5),
        FeatureValue.FromInt64(3),
        FeatureValue.FromBool(true),
        FeatureValue.Null(FeatureType.Bool),
        FeatureValue.Null(FeatureType.Int64),
    ];

    private static FeatureValue Evaluate(FeatureType type, string expression)
    {
        var service = TestViews.Service(
            Request,
            [new Transform("result", type, expression), new Transform("later", FeatureType.Int64, "1")],
            Profile);
        var plan = new FeatureServicePlan(service, static _ => false);
        Assert.True(UnixMicroseconds.TryParse("2018-08-05T06:30:15.000001Z", out var q));
        var bytes = OnlineRowCodec.Encode(
            plan.Views[0].Field,
            q,
            q,
            [
                FeatureValue.FromFloat64(100),
                FeatureValue.FromString("CH"),
                FeatureValue.Null(FeatureType.Int64),
                FeatureValue.FromFloat32(0.25f),
                FeatureValue.FromTimestamp(q - 86_400_000_000),
                FeatureValue.Null(FeatureType.Float64),
                FeatureValue.FromBytes([1]),
            ]);
        var row = new FeatureCell[service.Columns.Count];
        plan.BuildRow(q, Values(), [new ViewPayload(ViewPayloadState.Answered, bytes, long.MinValue)], row);
        return row[Request.Length].Value;
    }
}
