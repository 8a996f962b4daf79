"""Phrases, each with the rule that it means."""

_TABLE = """
every day                                 FREQ=DAILY
daily                                     FREQ=DAILY
each day                                  FREQ=DAILY
every 3 days                              FREQ=DAILY;INTERVAL=3
every three days                          FREQ=DAILY;INTERVAL=3
every other day                           FREQ=DAILY;INTERVAL=2
every 3d                                  FREQ=DAILY;INTERVAL=3
hourly                                    FREQ=HOURLY
every hour                                FREQ=HOURLY
every 4 hours                             FREQ=HOURLY;INTERVAL=4
every 4h                                  FREQ=HOURLY;INTERVAL=4
every other hour                          FREQ=HOURLY;INTERVAL=2
every 2nd hour                            FREQ=HOURLY;INTERVAL=2
every week                                FREQ=WEEKLY
weekly                                    FREQ=WEEKLY
every 2 weeks                             FREQ=WEEKLY;INTERVAL=2
every two weeks                           FREQ=WEEKLY;INTERVAL=2
every other week                          FREQ=WEEKLY;INTERVAL=2
every 2nd week                            FREQ=WEEKLY;INTERVAL=2
every fortnight                           FREQ=WEEKLY;INTERVAL=2
fortnightly                               FREQ=WEEKLY;INTERVAL=2
every 2w                                  FREQ=WEEKLY;INTERVAL=2
once a week                               FREQ=WEEKLY
once per week                             FREQ=WEEKLY
once every 3 days                         FREQ=DAILY;INTERVAL=3
every month                               FREQ=MONTHLY
monthly                                   FREQ=MONTHLY
every other month                         FREQ=MONTHLY;INTERVAL=2
every second month                        FREQ=MONTHLY;INTERVAL=2
every third month                         FREQ=MONTHLY;INTERVAL=3
every 3 months                            FREQ=MONTHLY;INTERVAL=3
every quarter                             FREQ=MONTHLY;INTERVAL=3
quarterly                                 FREQ=MONTHLY;INTERVAL=3
every 2 quarters                          FREQ=MONTHLY;INTERVAL=6
every year                                FREQ=YEARLY
yearly                                    FREQ=YEARLY
annually                                  FREQ=YEARLY
every 2 years                             FREQ=YEARLY;INTERVAL=2
every other year                          FREQ=YEARLY;INTERVAL=2
every monday                              FREQ=WEEKLY;BYDAY=MO
every mon                                 FREQ=WEEKLY;BYDAY=MO
every Mon.                                FREQ=WEEKLY;BYDAY=MO
each monday                               FREQ=WEEKLY;BYDAY=MO
mondays                                   FREQ=WEEKLY;BYDAY=MO
on mondays                                FREQ=WEEKLY;BYDAY=MO
every monday and thursday                 FREQ=WEEKLY;BYDAY=MO,TH
every mon, wed and fri                    FREQ=WEEKLY;BYDAY=MO,WE,FR
every mon, wed, fri                       FREQ=WEEKLY;BYDAY=MO,WE,FR
every mon, wed, and fri                   FREQ=WEEKLY;BYDAY=MO,WE,FR
every mon & thu                           FREQ=WEEKLY;BYDAY=MO,TH
every tues, thurs                         FREQ=WEEKLY;BYDAY=TU,TH
tue and thu                               FREQ=WEEKLY;BYDAY=TU,TH
mon-fri                                   FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
mon \u2013 fri                            FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every monday to friday                    FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every monday through friday               FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every day from monday to friday           FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every fri-mon                             FREQ=WEEKLY;BYDAY=MO,FR,SA,SU
every mon-wed and sat                     FREQ=WEEKLY;BYDAY=MO,TU,WE,SA
every weekday                             FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every weekdays                            FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
weekdays                                  FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every workday                             FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every working day                         FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every business day                        FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every weekend                             FREQ=WEEKLY;BYDAY=SA,SU
weekends                                  FREQ=WEEKLY;BYDAY=SA,SU
every weekday and saturday                FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA
every monday and every thursday           FREQ=WEEKLY;BYDAY=MO,TH
every monday and on thursday              FREQ=WEEKLY;BYDAY=MO,TH
on tuesday                                FREQ=WEEKLY;BYDAY=TU
on sat and sun                            FREQ=WEEKLY;BYDAY=SA,SU
weekly on monday                          FREQ=WEEKLY;BYDAY=MO
every week on mon and thu                 FREQ=WEEKLY;BYDAY=MO,TH
every 2 weeks on thursday                 FREQ=WEEKLY;INTERVAL=2;BYDAY=TH
every two weeks on mon and thu            FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH
every other monday                        FREQ=WEEKLY;INTERVAL=2;BYDAY=MO
every other mon and thu                   FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH
every other week on friday                FREQ=WEEKLY;INTERVAL=2;BYDAY=FR
daily on weekdays                         FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
twice a week on monday and thursday       FREQ=WEEKLY;BYDAY=MO,TH
3 times a week on mon, wed, fri           FREQ=WEEKLY;BYDAY=MO,WE,FR
3x per week on mon, wed, fri              FREQ=WEEKLY;BYDAY=MO,WE,FR
every day except sunday                   FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA
every day except weekends                 FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every weekday except wednesday            FREQ=WEEKLY;BYDAY=MO,TU,TH,FR
every day excluding sat and sun           FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
every 15th                                FREQ=MONTHLY;BYMONTHDAY=15
every 1st                                 FREQ=MONTHLY;BYMONTHDAY=1
every second of the month                 FREQ=MONTHLY;BYMONTHDAY=2
every month on the second                 FREQ=MONTHLY;BYMONTHDAY=2
every first and second                    FREQ=MONTHLY;BYMONTHDAY=1,2
every first                               FREQ=MONTHLY;BYMONTHDAY=1
the 15th                                  FREQ=MONTHLY;BYMONTHDAY=15
15th and last day                         FREQ=MONTHLY;BYMONTHDAY=15,-1
the 1st and the 15th                      FREQ=MONTHLY;BYMONTHDAY=1,15
every 1st and 15th                        FREQ=MONTHLY;BYMONTHDAY=1,15
every 1st, 10th and 20th                  FREQ=MONTHLY;BYMONTHDAY=1,10,20
every twenty-first of the month           FREQ=MONTHLY;BYMONTHDAY=21
every thirty-first                        FREQ=MONTHLY;BYMONTHDAY=31
every last day                            FREQ=MONTHLY;BYMONTHDAY=-1
last day of the month                     FREQ=MONTHLY;BYMONTHDAY=-1
every last day of the month               FREQ=MONTHLY;BYMONTHDAY=-1
third to last day                         FREQ=MONTHLY;BYMONTHDAY=-3
3rd to last day of the month              FREQ=MONTHLY;BYMONTHDAY=-3
second-to-last day of the month           FREQ=MONTHLY;BYMONTHDAY=-2
2nd last day of the month                 FREQ=MONTHLY;BYMONTHDAY=-2
every 15th day of the month               FREQ=MONTHLY;BYMONTHDAY=15
15th of every month                       FREQ=MONTHLY;BYMONTHDAY=15
every month on the 15th                   FREQ=MONTHLY;BYMONTHDAY=15
monthly on the 1st and 15th               FREQ=MONTHLY;BYMONTHDAY=1,15
every 3 months on the 15th                FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15
every 2 months on the last day            FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=-1
every 1st to 5th of the month             FREQ=MONTHLY;BYMONTHDAY=1,2,3,4,5
once a month on the 31st                  FREQ=MONTHLY;BYMONTHDAY=31
twice a month on the 1st and 15th         FREQ=MONTHLY;BYMONTHDAY=1,15
every 31st skipping short months          FREQ=MONTHLY;BYMONTHDAY=31
every 13th if it is a friday              FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR
every 1st if that is a saturday or sunday FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=SA,SU
2nd tuesday                               FREQ=MONTHLY;BYDAY=2TU
every 2nd tuesday                         FREQ=MONTHLY;BYDAY=2TU
every second tuesday of the month         FREQ=MONTHLY;BYDAY=2TU
first monday of the month                 FREQ=MONTHLY;BYDAY=1MO
last friday of the month                  FREQ=MONTHLY;BYDAY=-1FR
every last friday                         FREQ=MONTHLY;BYDAY=-1FR
every 1st and 3rd monday                  FREQ=MONTHLY;BYDAY=1MO,3MO
1st monday and last friday                FREQ=MONTHLY;BYDAY=1MO,-1FR
every first monday and third friday of the month FREQ=MONTHLY;BYDAY=1MO,3FR
second to last friday                     FREQ=MONTHLY;BYDAY=-2FR
every month on the last friday            FREQ=MONTHLY;BYDAY=-1FR
every 3 months on the first monday        FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO
first monday of every 3 months            FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO
every 3rd friday of every other month     FREQ=MONTHLY;INTERVAL=2;BYDAY=3FR
last workday                              FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
last workday of the month                 FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
every first workday of the month          FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
every last business day of the month      FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
first and last workday of the month       FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1
every month on the 3rd workday            FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=3
2nd to last weekday of the month          FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2
first weekend day of the month            FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1
every year on march 3                     FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
every year on the 3rd of march            FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
every march 3                             FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
every march 3rd                           FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
every 3 march                             FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
every 3rd march                           FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
3rd of march                              FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
yearly on 3 march                         FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3
annually on december 24th                 FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24
every year on january 1 and july 1        FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1
every 1 january and 1 july                FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1
1st of january and july                   FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1
every 29 february                         FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29
every 2 years on march 3                  FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYMONTHDAY=3
last friday of march                      FREQ=YEARLY;BYMONTH=3;BYDAY=-1FR
every year on the last friday of november FREQ=YEARLY;BYMONTH=11;BYDAY=-1FR
every 4 years on the 1st monday of november FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=1MO
last day of february                      FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1
last workday of march                     FREQ=YEARLY;BYMONTH=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
first workday of january and july         FREQ=MONTHLY;BYMONTH=1,7;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
first monday of the year                  FREQ=YEARLY;BYDAY=1MO
every 53rd monday of the year             FREQ=YEARLY;BYDAY=53MO
100th day of the year                     FREQ=YEARLY;BYYEARDAY=100
last day of the year                      FREQ=YEARLY;BYYEARDAY=-1
last workday of the year                  FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
every monday in june                      FREQ=WEEKLY;BYMONTH=6;BYDAY=MO
every monday in july and august           FREQ=WEEKLY;BYMONTH=7,8;BYDAY=MO
every day from may to september           FREQ=DAILY;BYMONTH=5,6,7,8,9
every day from november to february       FREQ=DAILY;BYMONTH=1,2,11,12
every weekday in jan, feb and mar         FREQ=WEEKLY;BYMONTH=1,2,3;BYDAY=MO,TU,WE,TH,FR
every 15th in june                        FREQ=MONTHLY;BYMONTH=6;BYMONTHDAY=15
every month except august on the 1st     FREQ=MONTHLY;BYMONTH=1,2,3,4,5,6,7,9,10,11,12;BYMONTHDAY=1
every day except in july and august       FREQ=DAILY;BYMONTH=1,2,3,4,5,6,9,10,11,12
every monday during december              FREQ=WEEKLY;BYMONTH=12;BYDAY=MO
every day at 5pm                          FREQ=DAILY;BYHOUR=17;BYMINUTE=0
every day at 5 pm                         FREQ=DAILY;BYHOUR=17;BYMINUTE=0
every day at 5:30pm                       FREQ=DAILY;BYHOUR=17;BYMINUTE=30
every day at 5.30 p.m.                    FREQ=DAILY;BYHOUR=17;BYMINUTE=30
every day at 17:30                        FREQ=DAILY;BYHOUR=17;BYMINUTE=30
every day at 7:05                         FREQ=DAILY;BYHOUR=7;BYMINUTE=5
every day at noon                         FREQ=DAILY;BYHOUR=12;BYMINUTE=0
every day at midnight                     FREQ=DAILY;BYHOUR=0;BYMINUTE=0
every day at 12am                         FREQ=DAILY;BYHOUR=0;BYMINUTE=0
every day at 12pm                         FREQ=DAILY;BYHOUR=12;BYMINUTE=0
every day at 17                           FREQ=DAILY;BYHOUR=17;BYMINUTE=0
every day 5pm                             FREQ=DAILY;BYHOUR=17;BYMINUTE=0
at 5pm every day                          FREQ=DAILY;BYHOUR=17;BYMINUTE=0
every day at 9am and 5pm                  FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0
every day at 9:15, 13:15 and 17:15        FREQ=DAILY;BYHOUR=9,13,17;BYMINUTE=15
every day at 9am and at 5pm               FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0
twice a day at 9am and 5pm                FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0
every monday at 5pm                       FREQ=WEEKLY;BYDAY=MO;BYHOUR=17;BYMINUTE=0
every mon, wed, at 5pm                    FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=17;BYMINUTE=0
every 15th at 9am                         FREQ=MONTHLY;BYMONTHDAY=15;BYHOUR=9;BYMINUTE=0
last workday of the month at noon FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=12;BYMINUTE=0;BYSETPOS=-1
every last friday of the month at 5pm     FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17;BYMINUTE=0
every hour from 9am to 5pm                FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16,17;BYMINUTE=0
every 2 hours between 9am and 5pm         FREQ=DAILY;BYHOUR=9,11,13,15,17;BYMINUTE=0
every hour from 9:30 to 12:00 on sat-sun FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=9,10,11;BYMINUTE=30
every hour on weekdays                    FREQ=HOURLY;BYDAY=MO,TU,WE,TH,FR
Every  MONDAY,   at  17:30                FREQ=WEEKLY;BYDAY=MO;BYHOUR=17;BYMINUTE=30
EVERY Other Week                          FREQ=WEEKLY;INTERVAL=2
every monday in june at 9am               FREQ=WEEKLY;BYMONTH=6;BYDAY=MO;BYHOUR=9;BYMINUTE=0
in june every monday                      FREQ=WEEKLY;BYMONTH=6;BYDAY=MO
"""
PHRASES = [
    (line[: line.index("FREQ=")].rstrip(), line[line.index("FREQ=") :])
    for line in _TABLE.strip().splitlines()
]
